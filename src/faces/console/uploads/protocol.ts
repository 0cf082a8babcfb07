import type { FastifyReply, FastifyRequest } from 'fastify'
import { Failure } from '../../../catalogue/failure.ts'

/** The words of the tus protocol, version 1.0.0. */

const version = '1.0.0'
const extensions = 'creation,termination,expiration'
export const bytesType = 'application/offset+octet-stream'

/** An answer that only HTTP has a status for. */
export function refusal(statusCode: number, message: string): Error {
  return Object.assign(new Error(message), { statusCode })
}

/** @throws an answer 412 to a client that speaks another version, or none */
export function demandVersion({ headers }: FastifyRequest, reply: FastifyReply): void {
  if (headers['tus-resumable'] === version) return
  reply.header('tus-version', version)
  throw refusal(412, `This server speaks version ${version} of the tus protocol.`)
}

/** What every answer says. @param maxBytes null: no limit */
export function tellVersion(reply: FastifyReply, maxBytes: number | null): void {
  reply.header('tus-resumable', version)
  if (reply.statusCode === 413 && maxBytes !== null) reply.header('tus-max-size', maxBytes)
}

export function describe(reply: FastifyReply, maxBytes: number | null): void {
  reply.header('tus-resumable', version).header('tus-version', version).header('tus-extension', extensions)
  if (maxBytes !== null) reply.header('tus-max-size', maxBytes)
}

/** @throws Failure `invalid` (reason `header`) */
export function wholeNumber({ headers }: FastifyRequest, name: 'upload-length' | 'upload-offset'): number {
  const value = headers[name]
  const number = Number(value)
  if (typeof value === 'string' && /^\d{1,16}$/.test(value) && Number.isSafeInteger(number)) return number
  throw new Failure('invalid', `The header ${name} must be a whole number.`, { reason: 'header', id: name })
}

/** As `Upload-Expires` writes it. @param at microseconds since 1970 */
export function httpDate(at: number): string {
  return new Date(at / 1000).toUTCString()
}
