import { STATUS_CODES } from 'node:http'
import type { Remote } from '../catalogue/core.ts'
import { Failure } from '../catalogue/failure.ts'
import type { Outbound } from '../outbound/outbound.ts'

/** How long an address may take to answer before an import from it is refused at once. */
const probeMs = 5_000

/** What the catalogue asks other servers, through the guarded fetch. */
export function remoteOf(fetcher: Outbound): Remote {
  return {
    async probe(url) {
      const { status, size } = await fetcher.probe(url, { timeoutMs: probeMs })
      demandSuccess(status, url)
      return { size }
    },

    async document(url, { maxBytes, timeoutMs, userAgent }) {
      const headers: Record<string, string> = userAgent === undefined ? {} : { 'user-agent': userAgent }
      const { status, body } = await fetcher.text(url, { maxBytes, timeoutMs, headers })
      demandSuccess(status, url)
      return body
    },

    download: (url, limits) => fetcher.download(url, limits),
  }
}

/** @throws Failure `upstream` (reason `status`) for any status but success. */
function demandSuccess(status: number, url: string): void {
  if (status >= 200 && status < 300) return
  const kind = status >= 500 ? 'Server' : 'Client'
  const message = `${status} ${kind} Error: ${STATUS_CODES[status] ?? 'Unknown'} for url: ${url}`
  throw new Failure('upstream', message, { reason: 'status' })
}
