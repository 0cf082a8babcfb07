import { isObject, type Manifest, own } from '../../catalogue/manifests/manifest.ts'
import { validateManifest } from '../../catalogue/manifests/validate.ts'
import { ownerFor } from './accounts.ts'
import { badParameter, invalidManifest, Refusal } from './failures.ts'
import { requestedChannel, unknownChannel } from './requested-channels.ts'
import type { Answer, Context } from './route.ts'
import { manifestAnswer } from './view.ts'

/** danube.md 7.3: CreateImage. */
export async function createImage(context: Context): Promise<Answer> {
  const channel = requestedChannel(context)
  const manifest = checked(await context.json(), 'create')
  const ownerId = await ownerFor(context, manifest.owner, false)
  const { publications } = context.parts.catalogue
  const image = await publications.create(context.actor, {
    manifest: inChannel(context, manifest, manifest.channels ?? (channel === null ? [] : [channel])),
    ownerId,
  })
  return manifestAnswer(context, image)
}

/** ImportImage: with the uuid and the date of publication that it has elsewhere. */
export async function importImage(context: Context): Promise<Answer> {
  const { uuid, query, actor, parts } = context
  const channel = requestedChannel(context)
  const manifest = importable(uuid, await context.json())
  const ownerId = await ownerFor(context, manifest.owner, query.flag('skip_owner_check') === true)
  const image = await parts.catalogue.publications.create(actor, {
    // Channels are each repository's own.
    manifest: inChannel(context, manifest, channel === null ? [] : [channel]),
    ownerId,
    uuid,
  })
  return manifestAnswer(context, image)
}

/** ImportRemoteImage: another repository has description and file. */
export async function importRemoteImage(context: Context): Promise<Answer> {
  const { uuid, query, actor, parts, request } = context
  const channel = requestedChannel(context)
  const url = `${sourceOf(context)}/images/${uuid}`
  const lenient = query.flag('skip_owner_check') === true
  const { publicationFetches } = parts.catalogue
  const found = await publicationFetches
    .manifest(actor, await ownerFor(context, undefined, lenient), url)
    .catch(refusedSource)
  const manifest = importable(uuid, found)
  const file = manifest.files?.[0]
  if (!file) throw new Refusal('RemoteSourceError', `image "${uuid}" has no file at its source`)
  const ownerId = await ownerFor(context, manifest.owner, lenient)
  const { taskId } = await publicationFetches.begin(
    actor,
    { manifest: inChannel(context, manifest, channel === null ? [] : [channel]), ownerId, uuid },
    `${url}/file`,
    file,
  )
  return {
    body: { image_uuid: uuid, job_uuid: taskId },
    headers: { 'workflow-api': parts.origin(request) },
  }
}

function sourceOf({ query }: Context): string {
  const source = query.get('source')
  if (source === undefined || source === '') throw badParameter('source', 'is missing', 'MissingParameter')
  if (!/^https?:\/\//i.test(source) || !URL.canParse(source))
    throw badParameter('source', 'must be an http or https URL')
  return source.replace(/\/+$/, '')
}

/** An address that may not be fetched is a bad parameter, and no trouble of the other server. */
function refusedSource(error: unknown): never {
  const { code, detail, message } = error as { code?: unknown; detail?: { reason?: string }; message: string }
  if (code === 'invalid' || (code === 'forbidden' && detail?.reason !== 'role'))
    throw badParameter('source', message)
  throw error
}

/** @throws Refusal 422 InvalidParameter for another uuid, ValidationFailed */
function importable(uuid: string, body: unknown): Manifest {
  const said = isObject(body) ? own(body, 'uuid') : undefined
  if (said !== undefined && said !== uuid)
    throw badParameter(
      'uuid',
      typeof said === 'string' ? `"${said}" is not the uuid of the URL` : 'is no text',
    )
  return checked(body, 'import')
}

function checked(body: unknown, mode: 'create' | 'import'): Manifest {
  const { manifest, errors } = validateManifest(body, { repository: 'dc', mode })
  if (errors.length > 0) throw invalidManifest(errors)
  return manifest
}

/** @throws Refusal 422 ValidationFailed for a channel that there is not */
function inChannel({ repository }: Context, manifest: Manifest, channels: readonly string[]): Manifest {
  const { channels: _said, ...rest } = manifest
  if (repository.channels.length === 0) return rest
  const unknown = channels.find((name) => !repository.channels.includes(name))
  if (unknown !== undefined) throw unknownChannel('channels', unknown)
  return { ...rest, channels }
}

/** What would take parts of a data centre that are not here (danube.md 7.2: an honest 501). */
export function notAvailable(what: string): () => Promise<Answer> {
  return async () => {
    throw new Refusal('NotAvailable', `${what} is not available in this repository`)
  }
}
