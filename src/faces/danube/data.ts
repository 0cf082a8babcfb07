import type { IncomingMessage } from 'node:http'
import { mediaType, parseJson, readBytes } from '../../http/body.ts'
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

/**
 * What is not understood counts as nothing said, and validation then names what is missing (0.2). A client that sends
 * no media type at all means JSON.
 * @throws Refusal 413
 */
export async function bodyData(contentType: string | undefined, open: () => IncomingMessage): Promise<Data> {
  const type = mediaType(contentType)
  if (type !== '' && type !== 'application/json') return nothingSaid()
  const value = parse(
    await readBytes(open(), {
      most: largest,
      tooLarge: () => refuse(413, `The request body is larger than ${largest} bytes.`),
    }),
  )
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
  return isObject ? Object.assign(nothingSaid(), value) : nothingSaid()
}

function parse(bytes: Buffer): unknown {
  try {
    return parseJson(bytes)
  } catch {
    return undefined
  }
}

/** `full`, `extended`, `force`: nothing said is false. */
export function flag(data: Data, name: string): boolean {
  return truth(data[name])
}
