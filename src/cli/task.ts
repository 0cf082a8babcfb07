import type { Command } from 'commander'
import type { WireTask, WireTaskList } from '../faces/console/wire.ts'
import type { Context } from './context.ts'
import { whole } from './image-options.ts'
import { facts, moment, table, terminalWidth } from './text.ts'
import { waitFor } from './wait.ts'

/** The kinds whose progress is told in bytes. */
const moving = new Set(['import-url', 'import-image', 'location-import', 'snapshot-image', 'assemble-upload'])

const taskPath = (id: string) => `/tasks/${encodeURIComponent(id)}`

export function taskCommand(program: Command, context: Context): void {
  const task = program.command('task').description('long works: imports, verifications, …')

  task
    .command('list')
    .description('list tasks, the newest first')
    .option('--state <state>', 'pending, running, succeeded, failed or cancelled')
    .option('--kind <kind>', 'such as import-url')
    .option('--image <id>', 'of this image')
    .option('--limit <number>', 'how many at most (default: 50)', whole('--limit'))
    .action(async (filter: Record<string, string | number>) => {
      const list = await context.client().get<WireTaskList>('/tasks', filter)
      context.print(list, () => taskTable(list.tasks))
    })

  task
    .command('show')
    .description('show a task')
    .argument('<id>')
    .action(async (id: string) => {
      const found = await context.client().get<WireTask>(taskPath(id))
      context.print(found, () => taskFacts(found))
    })

  task
    .command('wait')
    .description('wait for the end of a task')
    .argument('<id>')
    .action(async (id: string) => {
      const { kind } = await context.client().get<WireTask>(taskPath(id))
      const done = await waitFor(context, id, kind, moving.has(kind) ? 'bytes' : 'count')
      context.print(done, () => taskFacts(done))
    })

  task
    .command('cancel')
    .description('stop a task')
    .argument('<id>')
    .action(async (id: string) => {
      const stopped = await context.client().send<WireTask>('POST', `${taskPath(id)}/cancel`)
      context.print(stopped, () => taskFacts(stopped))
    })
}

function share({ progress, progressTotal, state }: WireTask): string {
  if (state === 'succeeded') return '100%'
  return progressTotal === null || progressTotal === 0
    ? '-'
    : `${Math.floor((progress / progressTotal) * 100)}%`
}

function taskTable(tasks: readonly WireTask[]): string {
  return table(
    tasks,
    [
      { title: 'ID', of: ({ id }) => id },
      { title: 'KIND', of: ({ kind }) => kind },
      {
        title: 'STATE',
        of: ({ state, cancelRequested }) => (cancelRequested && state === 'running' ? 'stopping' : state),
      },
      { title: 'DONE', of: share, right: true },
      { title: 'CREATED', of: ({ createdAt }) => moment(createdAt) },
      { title: 'IMAGE', of: ({ image }) => image ?? '-' },
      { title: 'FAILURE', of: ({ failure }) => failure ?? '' },
    ],
    terminalWidth(),
  )
}

function taskFacts(task: WireTask): string {
  return facts([
    ['id', task.id],
    ['kind', task.kind],
    ['image', task.image],
    ['state', task.state],
    ['done', share(task)],
    ['failure', task.failure],
    ['result', task.result === null ? null : JSON.stringify(task.result)],
    ['created', moment(task.createdAt)],
    ['started', moment(task.startedAt)],
    ['finished', moment(task.finishedAt)],
  ])
}
