import { demandDirectory } from '../../catalogue/access.ts'
import { normaliseUuid } from '../../catalogue/images/find.ts'
import type { ImageTaskOrder } from '../../catalogue/tasks/image-tasks.ts'
import type { TaskState } from '../../catalogue/tasks/task.ts'
import { objectOf } from './body.ts'
import { bad, Refusal } from './failures.ts'
import { readLimit } from './list/page.ts'
import { linkTo, type Query } from './query.ts'
import { type Answer, type Context, ok, type Route } from './route.ts'
import { taskRow, toListedTask, toTask } from './task-wire.ts'

/** glance.md section 17. */
async function ofImage({ parts, actor, param }: Context): Promise<Answer> {
  const tasks = await parts.catalogue.imageTasks.ofImage(actor, param('image'))
  return ok({ tasks: tasks.map(taskRow) })
}

const states: Readonly<Record<string, readonly TaskState[]>> = {
  pending: ['pending'],
  processing: ['running'],
  success: ['succeeded'],
  failure: ['failed', 'cancelled'],
}

const orders: Readonly<Record<string, ImageTaskOrder>> = {
  created_at: 'created',
  updated_at: 'updated',
  expires_at: 'expires',
  status: 'status',
  type: 'type',
}

async function list({ parts, actor, query }: Context): Promise<Answer> {
  // Who may not see them is not told what is wrong with the question.
  demandDirectory(actor)
  const order = wordOf(query, 'sort_key', 'created_at', orders, 'Invalid sort key')
  const descending = wordOf(query, 'sort_dir', 'desc', { asc: false, desc: true }, 'Invalid sort direction')
  const status = wordOf(query, 'status', '', { ...states, '': undefined }, 'Invalid status value')
  // The only type that may be asked for is that of the older API, which this server does not have.
  const type = wordOf(query, 'type', '', { import: true, '': false }, 'Invalid type value')
  const marker = query.get('marker')
  if (marker !== undefined && normaliseUuid(marker) === null) throw bad('Invalid marker format')
  const limit = readLimit(query)
  const found =
    type || limit === 0
      ? []
      : await parts.catalogue.imageTasks.list(actor, {
          order,
          descending,
          // One more than is shown tells whether there is a next page.
          limit: limit + 1,
          ...(status ? { states: status } : {}),
          ...(marker === undefined ? {} : { marker }),
        })
  const shown = found.slice(0, limit)
  const kept = query.pairs.filter(([name]) => name !== 'marker')
  const next = [...kept, ['marker', shown.at(-1)?.task.id ?? ''] as const]
  return ok({
    tasks: shown.map(toListedTask),
    first: linkTo('/v2/tasks', kept),
    ...(found.length > limit && limit > 0 ? { next: linkTo('/v2/tasks', next) } : {}),
    schema: '/v2/schemas/tasks',
  })
}

/** What one of a few words means. @throws Refusal 400 for another */
function wordOf<T>(
  query: Query,
  name: string,
  otherwise: string,
  words: Readonly<Record<string, T>>,
  problem: string,
): T {
  const word = query.get(name) ?? otherwise
  if (!Object.hasOwn(words, word)) throw bad(`${problem}: ${word}`)
  return words[word]!
}

async function view({ parts, actor, param }: Context): Promise<Answer> {
  return ok(toTask(await parts.catalogue.imageTasks.view(actor, param('task'))))
}

/** The older way to import, by which servers were made to fetch what they should not: it is not offered. */
async function create(context: Context): Promise<Answer> {
  demandDirectory(context.actor)
  const body = objectOf(await context.json())
  for (const name of ['type', 'input'])
    if (!Object.hasOwn(body, name)) throw bad(`Task '${name}' is required`)
  const { import_from: uri } = Object(body.input) as { readonly import_from?: unknown }
  if (uri !== undefined) context.parts.catalogue.storeImports.demandFetchable(uri)
  throw new Refusal(403, 'Tasks are made by importing into an image.')
}

async function remove(): Promise<Answer> {
  throw new Refusal(405, 'Tasks cannot be deleted; they expire.', { headers: { allow: 'GET' } })
}

const policy = 'tasks_api_access'

export const taskRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/images/:image/tasks',
    summary: 'The imports of an image',
    policy: 'get_image',
    handle: ofImage,
  },
  { method: 'GET', path: '/tasks', summary: 'A page of tasks', policy, body: 'ignored', handle: list },
  { method: 'POST', path: '/tasks', summary: 'Refused', policy, body: 'json', handle: create },
  { method: 'GET', path: '/tasks/:task', summary: 'One task', policy, handle: view },
  { method: 'DELETE', path: '/tasks/:task', summary: 'Refused', policy, body: 'ignored', handle: remove },
]
