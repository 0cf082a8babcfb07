import type { Command } from 'commander'
import type { WireHistory, WireImage, WireImageList, WireImagePatch } from '../faces/console/wire.ts'
import type { Context } from './context.ts'
import { defaultFileName, download, downloadToStdout } from './download.ts'
import { CliError, messageOf, misuse } from './errors.ts'
import { type ImportOptions, importImage } from './image-import.ts'
import { collect, type DescriptionOptions, describing, given, toDraft, whole } from './image-options.ts'
import { imageFacts, imageTable } from './image-view.ts'
import { moment, safe, table, terminalWidth } from './text.ts'
import { upload } from './upload.ts'

export const imagePath = (reference: string) => `/images/${encodeURIComponent(reference)}`

export function imageCommand(program: Command, context: Context): void {
  const image = program.command('image').description('disk images; ID is a uuid, a handle or a unique name')

  describing(image.command('upload').argument('<file>', 'the disk image, or - for standard input'))
    .description('create an image from a file')
    .action(async (file: string, options: DescriptionOptions) => {
      const made = await upload(context, file, toDraft(options))
      context.print(made, () => imageFacts(made))
    })

  describing(image.command('import').argument('<url>', 'where the server fetches it from'))
    .description('create an image that the server fetches by itself')
    .option('--wait', 'wait until it is there')
    .option('--md5 <digest>', 'what its md5 must be')
    .option('--sha1 <digest>', 'what its sha1 must be')
    .option('--sha256 <digest>', 'what its sha256 must be')
    .option('--sha512 <digest>', 'what its sha512 must be')
    .action((url: string, options: ImportOptions) => importImage(context, url, options))

  image
    .command('list')
    .description('list images')
    .option('--search <text>', 'part of a name, or another text people search by')
    .option('--status <status>', 'such as active or queued')
    .option('--visibility <who>', 'private, shared, community or public')
    .option('--project <name>', 'owned by this project')
    .option('--format <format>', 'of this disk format')
    .option('--tag <tag>', 'with this tag')
    .option('--sort <fields>', 'such as name or -size,name (default: -createdAt)')
    .option('--limit <number>', 'how many at most (default: 50)', whole('--limit'))
    .option('--offset <number>', 'how many to leave out at the beginning', whole('--offset'))
    .option('--all', 'all of them')
    .action(async (options: ListOptions) => {
      const list = await listImages(context, options)
      context.print(list, () => imageTable(list.images))
      if (!context.json && list.images.length < list.total)
        context.note(`${list.images.length} of ${list.total} images; see the others with --all or --offset`)
    })

  image
    .command('show')
    .description('show everything about an image')
    .argument('<id>')
    .action(async (id: string) => {
      const found = await context.client().get<WireImage>(imagePath(id))
      context.print(found, () => imageFacts(found))
    })

  image
    .command('download')
    .description('download the bytes of an image; a broken download is continued')
    .argument('<id>')
    .argument('[file]', 'where to (default: its name and format), or - for standard output')
    .option('--force', 'replace the file when it exists')
    .action(async (id: string, file: string | undefined, { force = false }: { force?: boolean }) => {
      const found = await context.client().get<WireImage>(imagePath(id))
      if (file === '-') {
        if (context.json) throw misuse('Standard output cannot take both the image and JSON.')
        return downloadToStdout(context, found)
      }
      const path = file ?? defaultFileName(found)
      await download(context, found, path, force)
      const told = { uuid: found.uuid, file: path, size: found.size, sha512: found.sha512 }
      context.print(told, () => safe(path))
    })

  describing(image.command('set').argument('<id>'))
    .description('change what is said of an image; tags and properties are added')
    .option('--untag <tag>', 'remove a tag; may be repeated', collect)
    .option('--unset <name>', 'remove a property; may be repeated', collect)
    .option('--no-protected', 'allow to delete it')
    .option('--no-hidden', 'show it to others again')
    .action(async (id: string, options: SetOptions) => {
      const patch = toPatch(options)
      if (Object.keys(patch).length === 0) throw misuse('Nothing to change was given.', 'see --help')
      const changed = await context.client().send<WireImage>('PATCH', imagePath(id), patch)
      context.print(changed, () => imageFacts(changed))
    })

  image
    .command('delete')
    .description('delete images')
    .argument('<id...>')
    .action((ids: string[]) =>
      each(context, ids, async (id) => {
        await context.client().send('DELETE', imagePath(id))
        return { id, deleted: true }
      }),
    )

  for (const [move, what] of [
    ['deactivate', 'keep images from being downloaded'],
    ['reactivate', 'allow their download again'],
  ] as const)
    image
      .command(move)
      .description(what)
      .argument('<id...>')
      .action((ids: string[]) =>
        each(context, ids, (id) => context.client().send<WireImage>('POST', `${imagePath(id)}/${move}`)),
      )

  image
    .command('history')
    .description('show who did what to an image')
    .argument('<id>')
    .action(async (id: string) => {
      const history = await context.client().get<WireHistory>(`${imagePath(id)}/history`, { limit: 1000 })
      context.print(history, () =>
        table(
          history.entries,
          [
            { title: 'WHEN', of: ({ at }) => moment(at) },
            { title: 'WHO', of: ({ username }) => username },
            { title: 'THROUGH', of: ({ face }) => face },
            { title: 'WHAT', of: ({ action }) => action },
            { title: 'NOW', of: ({ after }) => (after === null ? '' : JSON.stringify(after)) },
          ],
          terminalWidth(),
        ),
      )
    })
}

type ListOptions = {
  readonly search?: string
  readonly status?: string
  readonly visibility?: string
  readonly project?: string
  readonly format?: string
  readonly tag?: string
  readonly sort?: string
  readonly limit?: number
  readonly offset?: number
  readonly all?: boolean
}

/** The most that the server gives at once. */
const largestPage = 1000

async function listImages(
  context: Context,
  { all, limit = 50, offset = 0, ...filter }: ListOptions,
): Promise<WireImageList> {
  const wanted = all ? Number.POSITIVE_INFINITY : limit
  const images: WireImage[] = []
  for (;;) {
    const page = await context.client().get<WireImageList>('/images', {
      ...filter,
      limit: Math.min(wanted - images.length, largestPage),
      offset: offset + images.length,
    })
    images.push(...page.images)
    if (page.images.length === 0 || images.length >= Math.min(wanted, page.total - offset))
      return { images, total: page.total }
  }
}

type SetOptions = DescriptionOptions & {
  readonly untag?: readonly string[]
  readonly unset?: readonly string[]
}

function toPatch(options: SetOptions): WireImagePatch {
  const { tags, properties, ...facts } = toDraft(options)
  const removed = Object.fromEntries((options.unset ?? []).map((name) => [name, null]))
  const changed = { ...properties, ...removed }
  return {
    ...facts,
    ...given('addTags', tags),
    ...given('removeTags', options.untag),
    ...(Object.keys(changed).length > 0 ? { properties: changed } : {}),
  }
}

/** Does one thing to several; the others are done also when one fails. */
async function each(
  context: Context,
  ids: readonly string[],
  act: (id: string) => Promise<unknown>,
): Promise<void> {
  const done: unknown[] = []
  const failures: string[] = []
  let last: unknown
  for (const id of ids) {
    try {
      done.push(await act(id))
    } catch (error) {
      last = error
      if (ids.length === 1 || context.signal.aborted) throw error
      failures.push(`${id}: ${messageOf(error)}`)
    }
  }
  context.print(done, () => '')
  if (failures.length > 0) throw new CliError(failures.join('\n'), { cause: last })
}
