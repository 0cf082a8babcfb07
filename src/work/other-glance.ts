import { Failure } from '../catalogue/failure.ts'
import type { DownloadRequest, Outbound } from '../outbound/outbound.ts'

/** Another image service, and who asks it. */
export type OtherService = {
  /** From the services of the caller's token, with or without a version at its end. */
  readonly endpoint: string
  readonly token: string
}

/** An image's JSON, all its properties included, is smaller; bytes. */
const largestDocument = 16 * 1024 ** 2
const documentMs = 30_000

const addressOf = ({ endpoint }: OtherService, imageId: string) =>
  `${endpoint.replace(/\/+$/, '').replace(/\/v2(\.\d+)?$/, '')}/v2/images/${imageId}`

/**
 * How another Glance describes an image that can be had there. The token is sent to the endpoint alone, and not to where
 * it redirects (glance.md 24.2).
 * @throws Failure `upstream` (reason `status`, `document`, `source-status`) and what `Outbound.text` throws
 */
export async function sourceDescription(
  outbound: Outbound,
  service: OtherService,
  imageId: string,
  signal: AbortSignal,
): Promise<Readonly<Record<string, unknown>>> {
  const headers = { 'x-auth-token': service.token, accept: 'application/json' }
  const limits = { maxBytes: largestDocument, timeoutMs: documentMs }
  const { status, body } = await outbound.text(addressOf(service, imageId), { ...limits, headers, signal })
  if (status !== 200) throw refusal('status', `The other image service answered with status ${status}.`)
  const source = objectOf(body)
  if (source.status !== 'active')
    throw refusal('source-status', 'The image of the other image service is not active.')
  return source
}

/** The bytes of that image. @throws Failure as `Outbound.download` */
export function sourceBytes(
  outbound: Outbound,
  service: OtherService,
  imageId: string,
  options: DownloadRequest,
): AsyncIterable<Uint8Array> {
  const headers = { 'x-auth-token': service.token }
  return outbound.download(`${addressOf(service, imageId)}/file`, { ...options, headers })
}

function objectOf(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return value as Record<string, unknown>
  } catch (error) {
    throw refusal('document', 'The other image service gave no image.', error)
  }
  throw refusal('document', 'The other image service gave no image.')
}

function refusal(reason: string, message: string, cause?: unknown): Failure {
  return new Failure('upstream', message, { reason }, { cause })
}
