import { STATUS_CODES } from 'node:http'
import type { Remote } from '../catalogue/core.ts'
import { Failure } from '../catalogue/failure.ts'
import { withoutSecrets } from '../catalogue/images/without-secrets.ts'
import type { Outbound } from '../outbound/outbound.ts'

/** How long an address may take to answer before an import from it is refused at once. */
const probeMs = 5_000

/** What the catalogue asks other servers, through the guarded fetch. */
export function remoteOf(fetcher: Outbound): Remote {
  return {
    demandUrl: (url) => fetcher.check(url),

    async probe(url) {
      const { status, size } = await fetcher.probe(url, { timeoutMs: probeMs })
      if (!isSuccess(status)) throw refused(`The server answered with status ${status}.`)
      return { size }
    },

    async document(url, { maxBytes, timeoutMs, userAgent }) {
      const headers: Record<string, string> = userAgent === undefined ? {} : { 'user-agent': userAgent }
      const { status, body } = await fetcher.text(url, { maxBytes, timeoutMs, headers })
      if (isSuccess(status)) return body
      // In the words that people know from the importers of Danube Cloud (danube.md 1.6, 3.2).
      const kind = status >= 500 ? 'Server' : 'Client'
      throw refused(
        `${status} ${kind} Error: ${STATUS_CODES[status] ?? 'Unknown'} for url: ${withoutSecrets(url)}`,
      )
    },

    download: (url, limits) => fetcher.download(url, limits),
  }
}

function isSuccess(status: number): boolean {
  return status >= 200 && status < 300
}

function refused(message: string): Failure {
  return new Failure('upstream', message, { reason: 'status' })
}
