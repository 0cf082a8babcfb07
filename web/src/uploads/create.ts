import type { WireError } from '../../../src/faces/console/wire.ts'
import type { WireUpload } from '../../../src/faces/console/wire-uploads.ts'
import { ApiError, apiPath, get, proofHeaders } from '../api/client.ts'

/** What every request of the protocol says. */
export const protocolHeaders = { 'tus-resumable': '1.0.0' }

/** Begins an upload, after which its bytes can be sent by `transfer`. @throws ApiError */
export async function createUpload(
  file: File,
  description: Readonly<Record<string, string>>,
): Promise<WireUpload> {
  const metadata = { ...description, filename: file.name, lastModified: String(file.lastModified) }
  const response = await fetch(apiPath('/uploads'), {
    method: 'POST',
    headers: {
      ...proofHeaders(),
      ...protocolHeaders,
      'upload-length': String(file.size),
      'upload-metadata': Object.entries(metadata)
        .map(([name, value]) => `${name} ${base64(value)}`)
        .join(','),
    },
  })
  if (response.ok) return get<WireUpload>(`/uploads/${response.headers.get('location')!.split('/').at(-1)}`)
  throw await refusalOf(response)
}

/** Ends an upload, and removes what has arrived of it. @throws ApiError */
export async function removeUpload(id: string): Promise<void> {
  const response = await fetch(apiPath(`/uploads/${id}`), {
    method: 'DELETE',
    headers: { ...proofHeaders(), ...protocolHeaders },
  })
  // What is gone already is what was wanted.
  if (!response.ok && response.status !== 404 && response.status !== 410) throw await refusalOf(response)
}

async function refusalOf(response: Response): Promise<ApiError> {
  return toApiError(response.status, await response.text())
}

/** @param body as the server sent it, or something in between */
export function toApiError(status: number, body: string): ApiError {
  let error: WireError['error'] = { code: 'internal', message: String(status), detail: {} }
  try {
    error = (JSON.parse(body) as Partial<WireError>).error ?? error
  } catch {
    // A proxy's page says no more than its status.
  }
  return new ApiError(status, error)
}

function base64(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)))
}
