import { isFailure } from '../../catalogue/failure.ts'
import type { Image } from '../../catalogue/images/image.ts'
import {
  type Absence,
  accountOf,
  askFor,
  type Command,
  type Exhibit,
  jsonWithSecret,
  type Question,
  secretPlace,
  shellWord,
} from '../../http/exhibit.ts'
import type { Parts } from '../../http/face.ts'
import { doneIdOf } from './asked.ts'
import { type Caller, callerOf } from './auth.ts'
import { firstDatacenter } from './datacenter-context.ts'
import { viewOf } from './image-views.ts'
import { wrapped } from './respond.ts'
import type { Datacenter } from './route.ts'
import { areSegments } from './segments.ts'
import type { Group } from './task-id.ts'

const system = 'danube'

/** Where the image is looked at, and in which datacenter the answer says so. */
type Place = {
  readonly path: string
  readonly group: Group
  readonly datacenter: Datacenter
  readonly extended: boolean
}

/**
 * The image as `GET /image/NAME` shows it to those who manage it (danube.md 1.4), or as `GET /dc/DC/image/NAME` (4.2) to
 * those who administer a datacenter that may use it.
 */
export async function exhibit(parts: Parts, { actor, image, origin }: Question): Promise<Exhibit> {
  const absent = (why: Absence): Exhibit => ({ system, shown: false, why })
  const { catalogue } = parts
  const account = await accountOf(catalogue, actor)
  if (!account) return absent('account')
  if (!account.apiAccess) return absent('api-access')
  if (image.status === 'killed') return absent('failed')
  const id = actor.requestId ?? ''
  const caller = await callerOf(account, 'token', id, { catalogue })
  const place = (await managedPlace(parts, caller, image)) ?? (await attachedPlace(parts, caller, image))
  if (!place) return absent('permission')
  const { path, group, datacenter, extended } = place
  const taskId = doneIdOf({ request: { id }, caller, group, datacenter }, image.creatorId)
  const query = extended ? '?extended=true' : ''
  return {
    system,
    shown: true,
    request: { method: 'GET', path: `/api${path}${query}` },
    body: wrapped(taskId, 'SUCCESS', await viewOf({ parts }, image, { extended })),
    secret: 'password',
    prepare: prepared(origin, account.username),
    commands: commands(image, path, extended, origin, caller),
  }
}

async function managedPlace({ catalogue }: Parts, caller: Caller, image: Image): Promise<Place | null> {
  const { managedImages } = catalogue
  try {
    managedImages.demandManager(caller.actor)
    const { bound, owner } = await managedImages.named(caller.actor, image.handle)
    const datacenter = bound && owner ? owner : await firstDatacenter(catalogue, caller, 'main')
    return { path: `/image/${image.handle}`, group: 'u', datacenter, extended: true }
  } catch (error) {
    if (isFailure(error, 'forbidden')) return null
    throw error
  }
}

async function attachedPlace({ catalogue }: Parts, caller: Caller, image: Image): Promise<Place | null> {
  const { attachments, datacenterTasks, projects } = catalogue
  for (const id of caller.actor.roles.keys()) {
    if (!datacenterTasks.isMaster(caller.actor, id) || !(await attachments.has(image, id))) continue
    const { name } = await projects.view(caller.actor, id)
    if (!areSegments({ dc: name })) continue
    return {
      path: `/dc/${name}/image/${image.handle}`,
      group: 'd',
      datacenter: { id, name },
      extended: false,
    }
  }
  return null
}

/** A session of Danube's API in `TOKEN`; the password goes through pipes alone. */
function prepared(origin: string, username: string): string {
  const login = jsonWithSecret({ username, password: secretPlace }, 'IMAGEPORT_PASSWORD')
  return String.raw`${askFor('IMAGEPORT_PASSWORD', 'Password')} &&
TOKEN=$(${login} |
  curl -fsS -H 'Content-Type: application/json' --data-binary @- ${shellWord(`${origin}/api/accounts/login/`)} |
  sed 's/.*"token": *"\([0-9a-f]*\)".*/\1/')`
}

function commands(
  { handle }: Image,
  path: string,
  extended: boolean,
  origin: string,
  { account, actor }: Caller,
): readonly Command[] {
  const curl = (more: string, url: string) => `curl -fsS${more} -H "Authorization: Token $TOKEN" ${url}`
  const es = (command: string) =>
    `es login -username ${shellWord(account.username)} -password "$IMAGEPORT_PASSWORD" &&\n  es ${command}`
  const show = shellWord(`${origin}/api${path}${extended ? '?extended=true' : ''}`)
  return [
    { purpose: 'show', tool: 'curl', text: curl('', show) },
    { purpose: 'show', tool: 'es', text: es(`get ${shellWord(path)}${extended ? ' -extended' : ''}`) },
    // Only administrators give images to datacenters.
    ...(actor.superAdmin
      ? ([
          {
            purpose: 'use',
            tool: 'curl',
            text: curl(' -X POST', `${shellWord(origin)}/api/dc/"$DATACENTER"/image/${handle}`),
          },
          { purpose: 'use', tool: 'es', text: es(`create /dc/"$DATACENTER"/image/${handle}`) },
        ] as const)
      : []),
  ]
}
