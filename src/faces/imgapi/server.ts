import { toMilliseconds } from '../../catalogue/manifests/write.ts'
import type { Task } from '../../catalogue/tasks/task.ts'
import { badParameter, type Code, Refusal, statuses } from './failures.ts'
import type { Answer, Context, Route } from './route.ts'
import { visibleImage } from './view.ts'

/** danube.md 7.3: the repository about itself, and its work on images. */

/** Of the interface; clients look at the first number. */
const interfaceVersion = '4.13.1'

/** The test hook: a sample of an error. */
function sampleOf(code: string): Refusal {
  if (!Object.hasOwn(statuses, code)) throw badParameter('error', `unknown error code "${code}"`)
  const errors =
    code === 'ValidationFailed' ? [{ field: 'name', code: 'Invalid', message: 'a sample' } as const] : []
  return new Refusal(code as Code, `a sample of ${code}`, { errors })
}

async function ping({ query, caller }: Context): Promise<Answer> {
  const wanted = query.get('error')
  if (wanted !== undefined) throw sampleOf(wanted || 'InternalError')
  const known = caller.account === null ? {} : { pid: process.pid, user: caller.account.username }
  return { body: { ping: 'pong', ...known, version: interfaceVersion, imgapi: true } }
}

function demandOperator({ actor }: Context): void {
  if (!actor.superAdmin) throw new Refusal('OperatorOnly', 'this is for operators only')
}

async function state(context: Context): Promise<Answer> {
  demandOperator(context)
  const { parts, repository } = context
  const images = await parts.catalogue.statistics.images()
  return {
    body: {
      version: interfaceVersion,
      imageport: parts.installation.version,
      pid: process.pid,
      channels: repository.channels,
      images: Object.fromEntries(images.map(({ status, count }) => [status, count])),
    },
  }
}

/** Keys are read with every request: after this they are certainly the present ones. */
async function reloadKeys(context: Context): Promise<Answer> {
  demandOperator(context)
  context.parts.catalogue.users.forget()
  return { body: {} }
}

const executions: Readonly<Record<Task['state'], string>> = {
  pending: 'queued',
  running: 'running',
  succeeded: 'succeeded',
  failed: 'failed',
  cancelled: 'canceled',
}

/** Also of an image that is gone because its import failed: that is when one wants to know. */
async function jobs(context: Context): Promise<Answer> {
  const { parts, actor, uuid } = context
  const found = await parts.catalogue.tasks.list(actor, { imageUuid: uuid, limit: 1000 })
  if (found.length === 0) await visibleImage(context)
  return { body: found.map(toJob) }
}

function toJob(task: Task): object {
  const at = (instant: number | null) => (instant === null ? undefined : toMilliseconds(instant))
  return {
    uuid: task.id,
    name: task.kind,
    image_uuid: task.imageUuid,
    execution: executions[task.state],
    created_at: at(task.createdAt),
    started_at: at(task.startedAt),
    finished_at: at(task.finishedAt),
    error: task.failure ?? undefined,
  }
}

export const serverRoutes: readonly Route[] = [
  { method: 'GET', path: '/ping', open: true, summary: 'Is this an IMGAPI server?', handle: ping },
  { method: 'GET', path: '/state', summary: 'What the server knows of itself', handle: state },
  { method: 'POST', path: '/authkeys/reload', summary: 'Reads the keys again', handle: reloadKeys },
  { method: 'GET', path: '/images/:uuid/jobs', summary: 'Work on an image', handle: jobs },
]
