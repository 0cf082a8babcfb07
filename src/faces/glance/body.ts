import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { parseJson, readBytes } from '../../http/body.ts'
import { bad, Refusal } from './failures.ts'

/** The largest JSON body; bytes. */
const largest = 1024 * 1024
/** Levels of JSON inside of each other: more than any client writes, and few enough for every walk through it. */
const deepest = 32

/** glance.md 1.1: what counts as a body where none is expected. */
export function carriesBody(method: string, headers: IncomingHttpHeaders): boolean {
  if (Number(headers['content-length'] ?? 0) > 0) return true
  return ['POST', 'PUT', 'PATCH'].includes(method) && headers['transfer-encoding'] !== undefined
}

/**
 * A JSON document, an object or an array; its media type is not looked at (glance.md 1.1, 1.2).
 * @throws Refusal 400, 413
 */
export async function readJson(
  method: string,
  headers: IncomingHttpHeaders,
  open: () => IncomingMessage,
): Promise<object> {
  if (!carriesBody(method, headers)) throw bad('Body expected in request.')
  const bytes = await readBytes(open(), {
    most: largest,
    tooLarge: () => new Refusal(413, `The body of the request is larger than ${largest} bytes.`),
    interrupted: (cause) => bad('The request was interrupted.', cause),
  })
  if (bytes.length === 0) throw bad('Body expected in request.')
  const value = parse(bytes)
  if (typeof value !== 'object' || value === null) throw bad('Unexpected body type. Expected list/dict.')
  if (!isShallow(value, deepest)) throw bad('Malformed JSON in request body.')
  return value
}

function parse(bytes: Uint8Array): unknown {
  try {
    return parseJson(bytes)
  } catch (error) {
    if (error instanceof TypeError)
      throw bad(
        'Error decoding your request. Either the URL or the request body contains invalid UTF-8.',
        error,
      )
    throw bad('Malformed JSON in request body.', error)
  }
}

function isShallow(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return true
  return levels > 0 && Object.values(value).every((inner) => isShallow(inner, levels - 1))
}

/** A JSON object. @throws Refusal 400 for an array */
export function objectOf(body: object): Readonly<Record<string, unknown>> {
  if (Array.isArray(body)) throw bad('Unexpected body type. Expected dict.')
  return body as Record<string, unknown>
}
