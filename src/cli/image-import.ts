import { basename, extname } from 'node:path'
import type { WireImage, WireImport, WireImportStarted } from '../faces/console/wire.ts'
import type { Context } from './context.ts'
import { misuse } from './errors.ts'
import { diskFormats, formatOfName } from './guess-format.ts'
import { type DescriptionOptions, given, toDraft } from './image-options.ts'
import { imageFacts } from './image-view.ts'
import { waitFor } from './wait.ts'

export type ImportOptions = DescriptionOptions & {
  readonly wait?: boolean
  readonly md5?: string
  readonly sha1?: string
  readonly sha256?: string
  readonly sha512?: string
}

/** Asks the server to fetch an image; with `--wait`, until it is there. */
export async function importImage(context: Context, address: string, options: ImportOptions): Promise<void> {
  const url = URL.parse(address)
  if (!url) throw misuse(`"${address}" is no URL.`)
  const file = basename(decoded(url.pathname))
  const draft = toDraft(options)
  const diskFormat = draft.diskFormat ?? formatOfName(file)
  if (!diskFormat)
    throw misuse(
      'The format cannot be guessed from the URL.',
      `say it with --format: ${diskFormats.join(', ')}`,
    )
  const { md5, sha1, sha256, sha512 } = options
  const body: WireImport = {
    name: basename(file, extname(file)),
    containerFormat: 'bare',
    ...draft,
    diskFormat,
    url: address,
    ...given('md5', md5),
    ...given('sha1', sha1),
    ...given('sha256', sha256),
    ...given('sha512', sha512),
  }
  const client = context.client()
  const started = await client.send<WireImportStarted>('POST', '/imports', body)
  const { image, task } = started
  if (!options.wait) {
    context.print(started, () => `${imageFacts(image)}\ntask  ${task.id}`)
    return
  }
  await waitFor(context, task.id, image.name || image.uuid, 'bytes')
  const done = await client.get<WireImage>(`/images/${image.uuid}`)
  context.print(done, () => imageFacts(done))
}

/** A path with a broken escape is a name all the same. */
function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}
