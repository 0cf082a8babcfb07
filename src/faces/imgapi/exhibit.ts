import { anonymous } from '../../catalogue/actor.ts'
import { isFailure } from '../../catalogue/failure.ts'
import { hasBytes, type Image } from '../../catalogue/images/image.ts'
import type { ServedManifest } from '../../catalogue/manifests/write.ts'
import {
  type Absence,
  accountOf,
  type Command,
  type Exhibit,
  type Question,
  savedName,
  shellWord,
} from '../../http/exhibit.ts'
import type { Parts } from '../../http/face.ts'
import { type Caller, knownCaller } from './auth.ts'
import { Refusal } from './failures.ts'
import { parseQuery } from './query.ts'
import type { Repository } from './route.ts'
import { manifestsOf, visibleImage } from './view.ts'

const system = 'imgapi'

/**
 * The manifest of the image (danube.md 7.3) as everybody sees it who asks without credentials, which is what `imgadm` does;
 * where there is none to be seen, as it is shown to the signature of the account.
 */
export async function exhibit(parts: Parts, repository: Repository, question: Question): Promise<Exhibit> {
  const { actor, image, origin } = question
  const account = await accountOf(parts.catalogue, actor)
  const id = actor.requestId ?? ''
  const callers: Caller[] = [{ account: null, actor: anonymous('imgapi', id) }]
  if (account) callers.push(await knownCaller(parts.catalogue, account, id))
  // What is in no channel that requests mean by themselves is found where all of them are asked for.
  const queries = repository.channels.length > 0 ? ['', '?channel=*'] : ['']
  for (const caller of callers)
    for (const query of queries) {
      const path = `/images/${image.uuid}`
      const body = await manifestFor(parts, repository, caller, image, `${path}${query}`)
      if (!body) continue
      return {
        system,
        shown: true,
        request: { method: 'GET', path: `${path}${query}` },
        body,
        ...(caller.account
          ? { secret: 'ssh-key', prepare: signing(caller.account.username) }
          : { secret: 'none', prepare: '' }),
        commands: commands(image, body, caller, await mayDownload(parts, caller, image), origin, query),
      }
    }
  return { system, shown: false, why: absence(image, account !== null) }
}

async function mayDownload({ catalogue }: Parts, { actor }: Caller, image: Image): Promise<boolean> {
  if (image.status !== 'active') return false
  return image.visibility === 'public' || (await catalogue.images.allowed(actor, image)).has('image.download')
}

function absence({ status }: Image, isKnown: boolean): Absence {
  if (!isKnown) return 'account'
  if (status === 'killed') return 'failed'
  return hasBytes(status) ? 'permission' : 'no-bytes'
}

async function manifestFor(
  parts: Parts,
  repository: Repository,
  caller: Caller,
  { uuid }: Image,
  url: string,
): Promise<ServedManifest | undefined> {
  const { actor } = caller
  // Clients that ask for no version are given the first (danube.md 7.1).
  const viewer = { parts, repository, caller, actor, query: parseQuery(url), version: 1, uuid } as const
  try {
    const [manifest] = await manifestsOf(viewer, [await visibleImage(viewer)])
    return manifest
  } catch (error) {
    if (error instanceof Refusal || isFailure(error, 'not-found')) return undefined
    throw error
  }
}

/** `imgapi` is curl with the signature of the date that this protocol wants (danube.md 7.1). */
function signing(username: string): string {
  return String.raw`SSH_KEY=${'$'}{SSH_KEY:-$HOME/.ssh/id_rsa} KEY_OWNER=${shellWord(username)}
imgapi() {
  date=$(LC_ALL=C date -u '+%a, %d %b %Y %H:%M:%S GMT')
  signature=$(printf %s "$date" | openssl dgst -sha256 -sign "$SSH_KEY" | base64 | tr -d '\n')
  curl -fsS -H "Date: $date" \
    -H "Authorization: Signature keyId=\"$KEY_OWNER\",algorithm=\"rsa-sha256\",signature=\"$signature\"" "$@"
}`
}

function commands(
  image: Image,
  manifest: ServedManifest,
  { account }: Caller,
  isForDownload: boolean,
  origin: string,
  query: string,
): readonly Command[] {
  const curl = account ? 'imgapi' : 'curl -fsS'
  const place = `${origin}/images/${image.uuid}`
  // What is no dataset `imgadm` refuses, and it has no credentials.
  const isDataset = manifest.type !== 'other' && manifest.state === 'active' && !account
  return [
    { purpose: 'show', tool: 'curl', text: `${curl} ${shellWord(`${place}${query}`)}` },
    ...(isForDownload
      ? ([
          {
            purpose: 'download',
            tool: 'curl',
            text: `${curl} ${shellWord(`${place}/file${query}`)} -o ${savedName(image)}`,
          },
        ] as const)
      : []),
    ...(isDataset
      ? ([
          {
            purpose: 'use',
            tool: 'imgadm',
            text: `imgadm sources -a ${shellWord(origin)} && imgadm import ${image.uuid}`,
          },
        ] as const)
      : []),
  ]
}
