import type { Actor } from '../../catalogue/actor.ts'
import { isFailure } from '../../catalogue/failure.ts'
import { mainProjectId } from '../../catalogue/images/cleanup.ts'
import { rightsIn } from '../../catalogue/people/openstack/rights.ts'
import type { Project } from '../../catalogue/people/projects.ts'
import type { Account } from '../../catalogue/people/users.ts'
import {
  type Absence,
  accountOf,
  type Command,
  type Exhibit,
  projectsFor,
  type Question,
  savedName,
  shellWord,
} from '../../http/exhibit.ts'
import type { Parts } from '../../http/face.ts'
import { prepared } from './exhibit-token.ts'
import type { GlanceOptions } from './route.ts'
import { show } from './show.ts'

const system = 'openstack'

/** The image as `GET /v2/images/ID` shows it (glance.md section 7) to a token of the account for one of its projects. */
export async function exhibit(parts: Parts, options: GlanceOptions, question: Question): Promise<Exhibit> {
  const { actor, image, origin } = question
  const absent = (why: Absence): Exhibit => ({ system, shown: false, why })
  if (options.identityOff) return absent('switched-off')
  const account = await accountOf(parts.catalogue, actor)
  if (!account) return absent('account')
  for (const id of projectsFor(account, image, account.superAdmin ? [mainProjectId] : [])) {
    const project = await parts.catalogue.projects.view(actor, id)
    const caller = callerIn(account, project, actor.requestId)
    if (!caller) continue
    const seen = await parts.catalogue.images.view(caller, image.uuid).catch((error) => {
      if (isFailure(error, 'not-found')) return null
      throw error
    })
    if (!seen) continue
    const path = `/v2/images/${image.uuid}`
    const allowed = await parts.catalogue.images.allowed(caller, seen)
    const mayDownload = seen.status === 'active' && allowed.has('image.download')
    return {
      system,
      shown: true,
      request: { method: 'GET', path },
      body: await show({ parts, options, actor: caller }, seen),
      ...prepared(options.identityUrl, origin, account, project),
      commands: [
        ...commands('show', image.uuid, `${origin}${path}`),
        ...(mayDownload ? commands('download', image.uuid, `${origin}${path}/file`, savedName(image)) : []),
      ],
    }
  }
  return absent('project')
}

/** Whom a token of the account for this project would speak for; null: it cannot have one (glance.md 25.2). */
function callerIn(
  { id, username, roles, superAdmin }: Account,
  project: Project,
  requestId: string | null,
): Actor | null {
  const rights = project.enabled ? rightsIn(project.id, roles.get(project.id) ?? [], superAdmin, null) : null
  if (!rights) return null
  return {
    userId: id,
    username,
    superAdmin: rights.superAdmin,
    projectId: project.id,
    roles: rights.held,
    face: 'glance',
    requestId,
  }
}

function commands(purpose: 'show' | 'download', uuid: string, url: string, file = ''): readonly Command[] {
  const isShow = purpose === 'show'
  const curl = `curl -fsS -H "X-Auth-Token: $TOKEN" ${shellWord(url)}`
  return [
    { purpose, tool: 'curl', text: isShow ? curl : `${curl} -o ${file}` },
    {
      purpose,
      tool: 'openstack',
      text: isShow ? `openstack image show ${uuid}` : `openstack image save --file ${file} ${uuid}`,
    },
    {
      purpose,
      tool: 'glance',
      text: isShow ? `glance image-show ${uuid}` : `glance image-download --file ${file} ${uuid}`,
    },
  ]
}
