import { type FileHandle, open } from 'node:fs/promises'
import { basename, extname } from 'node:path'
import type { WireImage, WireImageDraft } from '../faces/console/wire.ts'
import type { Client } from './client.ts'
import type { Context } from './context.ts'
import { CliError, fileError, messageOf, misuse } from './errors.ts'
import { diskFormats, guessFormat } from './guess-format.ts'
import { progressOn } from './progress.ts'

const chunkBytes = 1024 * 1024

/** What is uploaded: a file, or standard input (`-`), whose length nobody knows. */
type Source = {
  readonly size: number | null
  readonly name: string
  readonly format: string | null
  chunks(): AsyncIterable<Uint8Array>
  close(): Promise<void>
}

/**
 * Creates an image and sends its bytes. When they are refused, or the sending breaks, the record is deleted again.
 * @throws CliError
 */
export async function upload(context: Context, path: string, draft: WireImageDraft): Promise<WireImage> {
  const source = await openSource(path)
  try {
    const diskFormat = draft.diskFormat ?? source.format
    if (!diskFormat)
      throw misuse(
        `The format of ${path} cannot be guessed.`,
        `say it with --format: ${diskFormats.join(', ')}`,
      )
    const client = context.client()
    const image = await client.send<WireImage>('POST', '/images', {
      name: source.name,
      containerFormat: 'bare',
      ...draft,
      diskFormat,
    })
    try {
      return await sendBytes(client, image, source)
    } catch (error) {
      await takeBack(client, image, error)
      throw error
    }
  } finally {
    await source.close()
  }
}

async function openSource(path: string): Promise<Source> {
  if (path === '-') {
    return { size: null, name: '', format: null, chunks: () => process.stdin, close: async () => {} }
  }
  let file: FileHandle
  try {
    file = await open(path, 'r')
  } catch (error) {
    throw fileError(path, error)
  }
  try {
    const facts = await file.stat()
    if (facts.isDirectory()) throw misuse(`${path} is a directory.`)
    const name = basename(path, extname(path))
    // The size of a device or pipe is not in its inode, and reading it for a guess would take its bytes away.
    if (!facts.isFile())
      return { size: null, name, format: null, chunks: () => read(file, null), close: () => file.close() }
    const format = await guessFormat(file, path)
    return { size: facts.size, name, format, chunks: () => read(file, 0), close: () => file.close() }
  } catch (error) {
    await file.close()
    throw error instanceof CliError ? error : fileError(path, error)
  }
}

/** One buffer is enough: the next chunk is read when the last has gone out. */
async function* read(file: FileHandle, from: number | null): AsyncIterable<Uint8Array> {
  const buffer = Buffer.allocUnsafeSlow(chunkBytes)
  for (let at = from; ; ) {
    const { bytesRead } = await file.read(buffer, 0, chunkBytes, at)
    if (bytesRead === 0) return
    if (at !== null) at += bytesRead
    yield buffer.subarray(0, bytesRead)
  }
}

async function sendBytes(client: Client, image: WireImage, source: Source): Promise<WireImage> {
  const progress = progressOn(process.stderr, image.name || image.uuid)
  let sent = 0
  try {
    const answer = await client.open({
      method: 'PUT',
      path: `/images/${image.uuid}/file`,
      headers: {
        'content-type': 'application/octet-stream',
        // A refused upload sends no bytes.
        expect: '100-continue',
        ...(source.size === null ? { 'transfer-encoding': 'chunked' } : { 'content-length': source.size }),
      },
      async body(write, stop) {
        for await (const chunk of source.chunks()) {
          if (stop.aborted) return
          // A file that grows meanwhile: more than was announced would be no valid request.
          const rest = source.size === null ? chunk.length : source.size - sent
          await write(chunk.length > rest ? chunk.subarray(0, rest) : chunk)
          sent += Math.min(chunk.length, rest)
          progress.at(sent, source.size)
          if (sent === source.size) return
        }
        if (source.size !== null && sent < source.size)
          throw new CliError('The file became shorter while it was being sent.')
      },
    })
    const chunks: Buffer[] = []
    for await (const chunk of answer as AsyncIterable<Buffer>) chunks.push(chunk)
    return JSON.parse(Buffer.concat(chunks).toString('utf8'))
  } finally {
    progress.stop()
  }
}

/** Not with the signal of Ctrl-C: this is what is still to be done after it. */
async function takeBack(client: Client, { uuid }: WireImage, reason: unknown): Promise<void> {
  try {
    await client.send('DELETE', `/images/${uuid}`)
  } catch (error) {
    throw new CliError(
      `${messageOf(reason)}\nThe image ${uuid} without bytes is left behind: ${messageOf(error)}`,
      {
        cause: reason,
      },
    )
  }
}
