import type { IncomingMessage } from 'node:http'
import { refuse } from './failures.ts'
import { truth } from './scalars.ts'

/** What a caller says: the query of a GET, the JSON object in the body of everything else (danube.md 0.2). */
export type Data = Readonly<Record<string, unknown>>

/** The largest body; bytes. */
const largest = 1024 * 1024

/** Without a prototype, so that no name means more than what was said. */
export function nothingSaid(): Record<string, unknown> {
  return Object.create(null)
}

/** Of repeated keys the last one wins. */
export function queryData(url: string): Data {
  const at = url.indexOf('?')
  const data = nothingSaid()
  if (at >= 0) for (const [key, value] of new URLSearchParams(url.slice(at + 1))) data[key] = value
  return data
}

export function hasBody(headers: IncomingMessage['headers']): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}

/**
 * What is not understood counts as nothing said, and validation then names what is missing (0.2). A client that sends
 * no media type at all means JSON.
 * @throws Refusal 413
 */
export async function bodyData(contentType: string | undefined, open: () => IncomingMessage): Promise<Data> {
  const type = (contentType ?? '').split(';', 1)[0]!.trim().toLowerCase()
  if (type !== '' && type !== 'application/json') return nothingSaid()
  const value = parse(await readAll(open()))
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
  return isObject ? Object.assign(nothingSaid(), value) : nothingSaid()
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    return undefined
  }
}

async function readAll(raw: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  // Without destroying the request, whose connection the refusal below still needs.
  for await (const chunk of raw.iterator({ destroyOnReturn: false })) {
    size += chunk.length
    if (size > largest) throw refuse(413, `The request body is larger than ${largest} bytes.`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** `full`, `extended`, `force`: nothing said is false. */
export function flag(data: Data, name: string): boolean {
  return truth(data[name])
}
