import { isFailure } from '../../catalogue/failure.ts'
import type { Image } from '../../catalogue/images/image.ts'
import type { Account } from '../../catalogue/people/users.ts'
import {
  type Absence,
  accountOf,
  askFor,
  type Command,
  type Exhibit,
  projectsFor,
  type Question,
  savedName,
  shellWord,
} from '../../http/exhibit.ts'
import type { Parts } from '../../http/face.ts'
import { type Caller, callerOf } from './auth.ts'
import { retrieve } from './images.ts'
import { roleAllows, switchedOff } from './permissions.ts'

const system = 'onecloudplanet'

/** The image as `GET …/openstack/images/ID` shows it (onecloudplanet.md 2.3): to staff, or to a client of the account. */
export async function exhibit(parts: Parts, question: Question): Promise<Exhibit> {
  const { actor, image, origin } = question
  const absent = (why: Absence): Exhibit => ({ system, shown: false, why })
  const account = await accountOf(parts.catalogue, actor)
  if (!account) return absent('account')
  if (switchedOff(parts.featuresOff, 'images.retrieve')) return absent('switched-off')
  let why: Absence = 'project'
  for (const [caller, query] of callersFor(account, question)) {
    if (!roleAllows(caller.actor, 'images.retrieve')) {
      why = 'permission'
      continue
    }
    const body = await shownTo(parts, caller, image)
    if (!body) continue
    const path = `${caller.staff ? '/backend/staffapi' : '/backend/api'}/openstack/images/${image.uuid}`
    const allowed = await parts.catalogue.images.allowed(caller.actor, image)
    const mayDownload =
      image.status === 'active' &&
      allowed.has('image.download') &&
      roleAllows(caller.actor, 'images.download') &&
      !switchedOff(parts.featuresOff, 'images.download')
    return {
      system,
      shown: true,
      request: { method: 'GET', path: `${path}${query}` },
      body,
      secret: 'token',
      prepare: askFor('IMAGEPORT_TOKEN', 'Token'),
      commands: [
        get('show', `${origin}${path}${query}`),
        ...(mayDownload
          ? [get('download', `${origin}${path}/download${query}`, ` -o ${savedName(image)}`)]
          : []),
      ],
    }
  }
  return absent(why)
}

/** Staff see everything; others what the client sees that they name, or that is theirs without naming one. */
function callersFor(account: Account, { actor, image }: Question): readonly (readonly [Caller, string])[] {
  const asked = { requestId: actor.requestId ?? '' }
  const caller = (side: 'user' | 'staff', activeClient?: number) =>
    callerOf(account, { ...asked, side, activeClient: activeClient?.toString() })
  if (account.superAdmin) return [[caller('staff'), '']]
  const usual = caller('user')
  return projectsFor(account, image).map((id) =>
    id === usual.actor.projectId ? [usual, ''] : [caller('user', id), `?active_client=${id}`],
  )
}

async function shownTo(parts: Parts, caller: Caller, image: Image): Promise<object | undefined> {
  try {
    const answer = await retrieve({ parts, caller, actor: caller.actor, param: () => image.uuid })
    return answer?.body
  } catch (error) {
    if (isFailure(error, 'not-found')) return undefined
    throw error
  }
}

function get(purpose: Command['purpose'], url: string, more = ''): Command {
  return {
    purpose,
    tool: 'curl',
    text: `curl -fsS -H "Authorization: OpenAPIToken $IMAGEPORT_TOKEN" ${shellWord(url)}${more}`,
  }
}
