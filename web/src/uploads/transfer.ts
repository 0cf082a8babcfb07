import type { DetailedError } from 'tus-js-client'
import { ApiError, apiPath, proofHeaders } from '../api/client.ts'
import { toApiError } from './create.ts'

/** What one request sends. The server keeps what it has got of one that breaks. */
const chunkBytes = 64 * 1024 ** 2

/** Pauses before a request that failed is sent again; after one that brought bytes over they begin anew. Milliseconds. */
const retryDelays = [500, 1_000, 2_000, 5_000, 10_000, 20_000, 30_000]

/** A line on which nothing moves for so long is given up for another. Milliseconds. */
const stalledAfter = 60_000

/** Why bytes do not arrive, where it is not the server that says it. */
export class BrokenTransfer extends Error {
  readonly cause: 'connection' | 'file'

  constructor(cause: 'connection' | 'file') {
    super(cause)
    this.name = 'BrokenTransfer'
    this.cause = cause
  }
}

/**
 * Sends the bytes of a file that the server does not have yet.
 * @param onProgress how many bytes are over there
 * @throws ApiError for what the server refuses, BrokenTransfer, the signal's reason
 */
export async function transfer(
  file: File,
  id: string,
  { onProgress, signal }: { readonly onProgress: (bytes: number) => void; readonly signal: AbortSignal },
): Promise<void> {
  const { Upload } = await import('tus-js-client')
  let timer: ReturnType<typeof setTimeout> | undefined
  const sent = new Promise<void>((resolve, reject) => {
    const watch = () => {
      clearTimeout(timer)
      timer = setTimeout(() => {
        void upload.abort()
        upload.start()
        watch()
      }, stalledAfter)
    }
    const upload = new Upload(file, {
      uploadUrl: apiPath(`/uploads/${id}`),
      chunkSize: chunkBytes,
      retryDelays,
      storeFingerprintForResuming: false,
      onBeforeRequest(request) {
        for (const [name, value] of Object.entries(proofHeaders())) request.setHeader(name, value)
      },
      onShouldRetry: isPassing,
      onProgress(bytes) {
        watch()
        onProgress(bytes)
      },
      onSuccess: () => resolve(),
      onError: (error) => void reasonOf(file, error).then(reject),
    })
    const stop = () => {
      void upload.abort()
      reject(signal.reason)
    }
    if (signal.aborted) return stop()
    signal.addEventListener('abort', stop)
    watch()
    upload.start()
  })
  return sent.finally(() => clearTimeout(timer))
}

/** May the same request succeed a little later? */
function isPassing({ originalResponse }: DetailedError): boolean {
  const status = originalResponse?.getStatus() ?? 0
  if (status === 0 || status === 429) return true
  // What a broken connection had brought was entered meanwhile: the next request asks where to go on.
  if (status === 409) return toApiError(status, originalResponse!.getBody()).detail.reason === 'offset'
  return status >= 500 && status !== 507
}

async function reasonOf(file: File, error: Error | DetailedError): Promise<Error> {
  const response = 'originalResponse' in error ? error.originalResponse : null
  const status = response?.getStatus() ?? 0
  if (status !== 0) return toApiError(status, response!.getBody())
  const isReadable = await file
    .slice(0, 1)
    .arrayBuffer()
    .then(
      () => true,
      () => false,
    )
  return new BrokenTransfer(isReadable ? 'connection' : 'file')
}

/** @returns the server's words, or null where the reason is none of its */
export function wordsOf(problem: Error): string | null {
  return problem instanceof ApiError ? problem.message : null
}
