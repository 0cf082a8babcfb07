import type { IncomingMessage } from 'node:http'
import type { FastifyRequest } from 'fastify'
import { hasBody, parseJson, readBytes } from '../../http/body.ts'
import { bad, Refusal } from './failures.ts'

/** The largest body; bytes. */
const largest = 64 * 1024

export type Fields = Readonly<Record<string, unknown>>

/** A JSON object, whatever media type it claims. @throws Refusal 400, 413 */
export async function readObject(request: FastifyRequest, open: () => IncomingMessage): Promise<Fields> {
  if (!hasBody(request.headers)) throw bad('A JSON document is expected in the request.')
  const bytes = await readBytes(open(), {
    most: largest,
    tooLarge: () => new Refusal(413, `The body of the request is larger than ${largest} bytes.`),
    interrupted: (cause) => bad('The request was interrupted.', cause),
  })
  let value: unknown
  try {
    value = parseJson(bytes)
  } catch (error) {
    throw bad('The body of the request is no JSON.', error)
  }
  if (!isObject(value)) throw bad('A JSON object is expected in the request.')
  return value
}

export function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** What an object says by itself under a name, never what it has inherited. */
export function own(fields: Fields, name: string): unknown {
  return Object.hasOwn(fields, name) ? fields[name] : undefined
}

/** @param place where the field is missing, for the message. @throws Refusal 400 */
export function objectIn(fields: Fields, name: string, place: string): Fields {
  const value = own(fields, name)
  if (!isObject(value)) throw bad(`An object "${name}" is expected in ${place}.`)
  return value
}

/** @throws Refusal 400 */
export function textIn(fields: Fields, name: string, place: string): string {
  const value = own(fields, name)
  if (typeof value !== 'string') throw bad(`A string "${name}" is expected in ${place}.`)
  return value
}
