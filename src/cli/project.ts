import type { Command } from 'commander'
import type { WireProject, WireProjectChange, WireProjectList } from '../faces/console/wire.ts'
import type { Context } from './context.ts'
import { misuse } from './errors.ts'
import { given, whole } from './image-options.ts'
import { bytes, facts, moment, table, terminalWidth } from './text.ts'

const projectPath = (name: string) => `/projects/${encodeURIComponent(name)}`

type ProjectOptions = {
  readonly label?: string
  readonly description?: string
  readonly access?: string
  readonly enabled?: boolean
  readonly quotaBytes?: number | 'none'
  readonly quotaImages?: number | 'none'
}

export function projectCommand(program: Command, context: Context): void {
  const project = program.command('project').description('projects (tenants, datacenters, organizations)')

  project
    .command('list')
    .description('list projects')
    .action(async () => {
      const projects: WireProject[] = []
      for (;;) {
        const query = { limit: 1000, offset: projects.length }
        const page = await context.client().get<WireProjectList>('/projects', query)
        projects.push(...page.projects)
        if (page.projects.length === 0 || projects.length >= page.total) break
      }
      context.print({ projects, total: projects.length }, () => projectTable(projects))
    })

  project
    .command('show')
    .description('show a project and what it uses')
    .argument('<name>')
    .action(async (name: string) => show(context, await context.client().get(projectPath(name))))

  describing(project.command('create').argument('<name>'))
    .description('make a project')
    .option('--id <number>', 'its number', whole('--id'))
    .action(async (name: string, { id, ...options }: ProjectOptions & { id?: number }) => {
      const body = { name, ...given('id', id), ...toChange(options) }
      show(context, await context.client().send('POST', '/projects', body))
    })

  describing(project.command('set').argument('<name>'))
    .description('change a project')
    .option('--enabled', 'open it again')
    .option('--no-enabled', 'close it')
    .action(async (name: string, options: ProjectOptions) => {
      const change = toChange(options)
      if (Object.keys(change).length === 0) throw misuse('Nothing to change was given.', 'see --help')
      show(context, await context.client().send('PATCH', projectPath(name), change))
    })
}

function describing(command: Command): Command {
  return command
    .option('--label <text>', 'what people call it')
    .option('--description <text>')
    .option('--access <how>', 'public or private')
    .option('--quota-bytes <size>', 'how much its images may take, as in 500G, or none', sizeOrNone)
    .option('--quota-images <number>', 'how many images it may have, or none', countOrNone)
}

function toChange(options: ProjectOptions): WireProjectChange {
  return {
    ...given('label', options.label),
    ...given('description', options.description),
    ...given('access', options.access),
    ...given('enabled', options.enabled),
    ...given('quotaBytes', limit(options.quotaBytes)),
    ...given('quotaImages', limit(options.quotaImages)),
  }
}

/** The parser of options takes null for "not given". */
const limit = (said: number | 'none' | undefined) => (said === 'none' ? null : said)

const powers = ['', 'K', 'M', 'G', 'T', 'P']

function sizeOrNone(text: string): number | 'none' {
  if (text === 'none') return text
  const match = /^(\d{1,12}(?:\.\d{1,3})?)([KMGTP]?)(?:i?B)?$/i.exec(text)
  const size = match
    ? Math.round(Number(match[1]) * 1024 ** powers.indexOf(match[2]!.toUpperCase()))
    : Number.NaN
  if (Number.isSafeInteger(size)) return size
  throw misuse(`"${text}" is no size: write it as in 500M, 1.5T, or none.`)
}

function countOrNone(text: string): number | 'none' {
  return text === 'none' ? text : whole('--quota-images')(text)
}

const limited = (used: string, most: string | null) => (most === null ? used : `${used} of ${most}`)
const usedBytes = ({ usedBytes: used, quotaBytes: most }: WireProject) =>
  limited(bytes(used), most === null ? null : bytes(most))
const usedImages = ({ usedImages: used, quotaImages: most }: WireProject) =>
  limited(String(used), most === null ? null : String(most))

function projectTable(projects: readonly WireProject[]): string {
  return table(
    projects,
    [
      { title: 'ID', of: ({ id }) => String(id), right: true },
      { title: 'NAME', of: ({ name }) => name },
      { title: 'LABEL', of: ({ label }) => label },
      { title: 'ENABLED', of: ({ enabled }) => (enabled ? 'yes' : 'no') },
      { title: 'IMAGES', of: usedImages, right: true },
      { title: 'BYTES', of: usedBytes, right: true },
    ],
    terminalWidth(),
  )
}

function show(context: Context, project: WireProject): void {
  context.print(project, () =>
    facts([
      ['id', project.id],
      ['uuid', project.uuid],
      ['name', project.name],
      ['label', project.label],
      ['description', project.description],
      ['access', project.access],
      ['enabled', project.enabled],
      ['images', usedImages(project)],
      ['bytes', usedBytes(project)],
      ['created', moment(project.createdAt)],
      ['updated', moment(project.updatedAt)],
    ]),
  )
}
