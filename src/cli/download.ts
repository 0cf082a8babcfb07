import { createHash, type Hash } from 'node:crypto'
import { once } from 'node:events'
import { access, type FileHandle, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { WireImage } from '../faces/console/wire.ts'
import type { Client } from './client.ts'
import type { Context } from './context.ts'
import { CliError, fileError, misuse } from './errors.ts'
import { progressOn } from './progress.ts'
import { safe } from './text.ts'

/** `<name>.<format>`, safe as the name of a file wherever it comes from. */
export function defaultFileName(image: WireImage): string {
  const name = safe(image.name)
    .replace(/[/\\]+/g, '_')
    .replace(/^[.\s-]+|\s+$/g, '')
    .slice(0, 150)
  const format = image.diskFormat ?? 'raw'
  const plain = name || image.uuid
  return plain.toLowerCase().endsWith(`.${format}`) ? plain : `${plain}.${format}`
}

/**
 * Downloads an image's bytes into a file: first into `FILE.part`, from where an earlier download broke off, and under
 * their own name when their digest is right.
 * @throws CliError
 */
export async function download(
  context: Context,
  image: WireImage,
  path: string,
  force: boolean,
): Promise<void> {
  demandBytes(image)
  if (!force && (await exists(path))) throw misuse(`${path} exists already.`, 'replace it with --force')
  const part = `${path}.part`
  const resumed = await fetchInto(context, image, part)
  if (!resumed.matches && resumed.from > 0) {
    // What lay there was of something else: once more, all of it.
    context.note(`${part} was no part of this image; downloading all of it`)
    await rm(part)
    resumed.matches = (await fetchInto(context, image, part)).matches
  }
  if (!resumed.matches) {
    await rm(part)
    throw new CliError('The bytes that arrived are not the image’s: their sha512 differs.')
  }
  await rename(part, path).catch((error) => {
    throw fileError(path, error)
  })
  await syncDirectory(dirname(path))
}

/** Writes the bytes to stdout. Their digest is told at the end, when it is too late to take them back. */
export async function downloadToStdout(context: Context, image: WireImage): Promise<void> {
  demandBytes(image)
  const hash = createHash('sha512')
  await receive(context, image, 0, async (chunk) => {
    hash.update(chunk)
    if (!process.stdout.write(chunk)) await once(process.stdout, 'drain')
  })
  if (hash.digest('hex') !== image.sha512)
    throw new CliError('The bytes that were written are not the image’s: their sha512 differs.')
}

/** Bytes that another server keeps may have no digest, and what arrives could not be told from anything else. */
function demandBytes({ size, sha512, status }: WireImage): void {
  if (size === null) throw new CliError(`The image has no bytes to download: its status is ${status}.`)
  if (sha512 === null)
    throw new CliError('Another server keeps the bytes of this image, and nobody said what their digest is.')
}

async function fetchInto(
  context: Context,
  image: WireImage,
  part: string,
): Promise<{ matches: boolean; from: number }> {
  let file: FileHandle
  try {
    file = await open(part, 'a+', 0o600)
  } catch (error) {
    throw fileError(part, error)
  }
  try {
    const hash = createHash('sha512')
    let from = (await file.stat()).size
    if (from > image.size!) {
      await file.truncate(0)
      from = 0
    }
    if (from > 0) await hashPresent(file, hash)
    if (from < image.size!)
      await receive(context, image, from, async (chunk) => {
        hash.update(chunk)
        await writeAll(file, chunk, part)
      })
    await file.sync()
    return { matches: hash.digest('hex') === image.sha512, from }
  } finally {
    await file.close()
  }
}

async function hashPresent(file: FileHandle, hash: Hash): Promise<void> {
  const buffer = Buffer.allocUnsafeSlow(1024 * 1024)
  for (let at = 0; ; ) {
    const { bytesRead } = await file.read(buffer, 0, buffer.length, at)
    if (bytesRead === 0) return
    hash.update(buffer.subarray(0, bytesRead))
    at += bytesRead
  }
}

async function receive(
  context: Context,
  image: WireImage,
  from: number,
  take: (chunk: Uint8Array) => Promise<void>,
): Promise<void> {
  const client: Client = context.client()
  const progress = progressOn(process.stderr, image.name || image.uuid)
  try {
    const answer = await client.open({
      method: 'GET',
      path: `/images/${image.uuid}/file`,
      ...(from > 0 ? { headers: { range: `bytes=${from}-`, 'if-range': `"${image.sha512}"` } } : {}),
    })
    if (from > 0 && answer.statusCode !== 206) {
      answer.destroy()
      throw new CliError('The server did not continue where the download broke off.', {
        hint: 'remove the .part file to begin anew',
      })
    }
    let done = from
    progress.at(done, image.size)
    try {
      for await (const chunk of answer as AsyncIterable<Buffer>) {
        await take(chunk)
        done += chunk.length
        progress.at(done, image.size)
      }
    } catch (error) {
      if (error instanceof CliError) throw error
      throw broken(context, error)
    }
    if (done !== image.size) throw broken(context, undefined)
  } finally {
    progress.stop()
  }
}

function broken(context: Context, cause: unknown): CliError {
  if (context.signal.aborted)
    return new CliError('Interrupted.', { code: 'interrupted', hint: resume, cause })
  return new CliError('The connection broke before all bytes had arrived.', { hint: resume, cause })
}

const resume = 'the same command continues where this one ended'

async function writeAll(file: FileHandle, chunk: Uint8Array, path: string): Promise<void> {
  try {
    for (let done = 0; done < chunk.length; ) {
      const { bytesWritten } = await file.write(chunk, done, chunk.length - done)
      done += bytesWritten
    }
  } catch (error) {
    throw fileError(path, error)
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}
