import type { IncomingMessage } from 'node:http'
import type { Readable } from 'node:stream'
import busboy from 'busboy'
import type { FastifyRequest } from 'fastify'
import { Failure } from '../../catalogue/failure.ts'
import { badFields, refuse } from './failures.ts'
import type { Body } from './fields.ts'

/**
 * A form whose last part may be a file (onecloudplanet.md 2.4): the fields are read at once, the file when its bytes
 * are asked for, so that a refused form costs no transfer.
 */
export type Form = {
  /** Every value of every field, in their order. */
  readonly fields: ReadonlyMap<string, readonly string[]>
  /**
   * The bytes of the part `file`, to be read once; null without one. It throws when the sender breaks off, and when
   * more parts follow.
   */
  readonly file: AsyncIterable<Uint8Array> | null
  /** Takes no more of the request. */
  stop(): void
}

const limits = { fields: 100, fieldSize: 256 * 1024, parts: 110, headerPairs: 20 }

/** @throws Refusal 400 for what is no such form, or has too many or too large fields. */
export async function readForm(request: FastifyRequest, open: () => IncomingMessage): Promise<Form> {
  const parser = parserFor(request)
  const fields = new Map<string, string[]>()
  const ready = Promise.withResolvers<Readable | null>()
  const closed = Promise.withResolvers<void>()
  closed.promise.catch(() => {}) // heard only by those who read the file
  let file: Readable | null = null

  const fail = (error: Error) => {
    ready.reject(error)
    closed.reject(error)
    parser.destroy(error)
  }
  parser.on('error', fail)
  parser.on('fieldsLimit', () => fail(tooManyParts()))
  parser.on('partsLimit', () => fail(tooManyParts()))
  parser.on('field', (name, value, { nameTruncated, valueTruncated }) => {
    if (file !== null) fail(notLast())
    else if (nameTruncated || valueTruncated) fail(badFields({ [name]: ['This value is too long.'] }))
    else fields.set(name, [...(fields.get(name) ?? []), value])
  })
  parser.on('file', (name, stream) => {
    // Whoever reads it hears of it; nobody may.
    stream.on('error', () => {})
    if (file !== null) fail(notLast())
    else if (name !== 'file') stream.resume()
    else {
      file = stream
      ready.resolve(stream)
    }
  })
  parser.on('close', () => {
    ready.resolve(null)
    closed.resolve()
  })

  const raw = open()
  const interrupted = () => {
    if (!raw.complete) fail(new Failure('interrupted', 'The sender went away before the end.'))
  }
  raw.once('close', interrupted)
  raw.once('error', interrupted)
  raw.pipe(parser)

  const stop = () => {
    raw.off('close', interrupted)
    raw.unpipe(parser)
    parser.destroy()
    // What is still on its way is dropped by http/receive.ts.
    raw.resume()
  }
  try {
    const stream = await ready.promise
    return { fields, file: stream && bytesOf(stream, closed.promise), stop }
  } catch (error) {
    stop()
    throw error instanceof Failure || !isPlain(error) ? error : malformed(error)
  }
}

function parserFor(request: FastifyRequest): busboy.Busboy {
  try {
    return busboy({ headers: request.headers, limits, defParamCharset: 'utf8' })
  } catch (error) {
    throw malformed(error as Error)
  }
}

const isPlain = (error: unknown): error is Error => error instanceof Error && error.constructor === Error

const malformed = (error: Error) => refuse(400, `Multipart form parse error - ${error.message}`)
const tooManyParts = () => refuse(400, `A form may have at most ${limits.fields} fields.`)
const notLast = () =>
  new Failure('invalid', 'The file is not the last part.', {
    fields: { file: ['This must be the last part of the form.'] },
  })

async function* bytesOf(stream: Readable, closed: Promise<void>): AsyncGenerator<Uint8Array> {
  yield* stream
  // The file has ended; only the end of the form tells that nothing was cut off and nothing follows.
  await closed
}

/** Fields that may be without a value; empty text and the word `null` say so. */
const nullable: ReadonlySet<string> = new Set([
  'architecture',
  'os_distro',
  'os_version',
  'hypervisor_type',
  'client',
])

/** The fields as the JSON body they stand for: `true`, numbers and lists are read from their text by fields.ts. */
export function formBody(fields: Form['fields']): Body {
  const body = [...fields].flatMap(([name, values]): [string, unknown][] => {
    const value = values.at(-1)!
    if (nullable.has(name)) return [[name, value === '' || value === 'null' ? null : value]]
    if (name === 'tags') return [[name, tagsOf(values)]]
    // An optional field that was left empty was not filled in.
    if (value === '' && !['name', 'source', 'url', 'disk_format', 'region', 'file'].includes(name)) return []
    return [[name, name === 'properties' ? jsonOr(value) : value]]
  })
  return Object.fromEntries(body)
}

/** A repeated field, or the text of a JSON list. */
function tagsOf(values: readonly string[]): unknown {
  const [first = ''] = values
  if (values.length > 1) return values
  const list = jsonOr(first)
  return Array.isArray(list) ? list : first === '' ? [] : [first]
}

function jsonOr(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
