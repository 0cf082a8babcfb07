import type { WireError } from '../../../src/faces/console/wire.ts'

const root = '/ui/api/v1'

/** An answer that is no success, as the server words it. */
export class ApiError extends Error {
  readonly status: number
  readonly code: string
  readonly detail: WireError['error']['detail']

  constructor(status: number, { code, message, detail }: WireError['error']) {
    super(message)
    this.name = 'ApiError'
    this.status = status
    this.code = code
    this.detail = detail
  }
}

/** What goes along with changes; known once somebody has signed in. */
let proof = ''
export function keepProof(given: string): void {
  proof = given
}

/** Headers that authorise a request which this client does not send itself, such as an upload. */
export function proofHeaders(): Record<string, string> {
  return { 'x-imageport-session': proof }
}

type Parameters = Readonly<Record<string, string | number | boolean | undefined | null>>

/** The path and query of a request; what is undefined, null or empty is left out. */
export function apiPath(path: string, parameters: Parameters = {}): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(parameters))
    if (value !== undefined && value !== null && value !== '') query.set(name, String(value))
  const text = query.toString()
  return `${root}${path}${text === '' ? '' : `?${text}`}`
}

/** What ends this session and begins another, while it is under way. */
let sessionChange: Promise<unknown> = Promise.resolve()

/** Carries out such a change: what is refused meanwhile was asked with the old session, and says nothing of the new one. */
export function changeSession<T>(change: () => Promise<T>): Promise<T> {
  const changed = change()
  sessionChange = changed.catch(() => {})
  return changed
}

/** Told when the session seems to have ended. */
const listeners = new Set<() => void>()
export function onSignedOut(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** @throws ApiError */
export async function request<T>(
  method: string,
  path: string,
  { parameters, body, signal }: { parameters?: Parameters; body?: unknown; signal?: AbortSignal } = {},
): Promise<T> {
  const response = await fetch(apiPath(path, parameters), {
    method,
    headers: {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(method === 'GET' ? {} : proofHeaders()),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(signal ? { signal } : {}),
  })
  if (response.status === 204) return undefined as T
  const isJson = response.headers.get('content-type')?.startsWith('application/json')
  const answer: unknown = isJson ? await response.json() : null
  if (response.ok) return answer as T
  if (response.status === 401 && path !== '/session')
    void sessionChange.then(() => {
      for (const listener of listeners) listener()
    })
  const error = (answer as WireError | null)?.error
  throw new ApiError(
    response.status,
    error ?? { code: 'internal', message: `${response.status} ${response.statusText}`, detail: {} },
  )
}

export const get = <T>(path: string, parameters?: Parameters, signal?: AbortSignal) =>
  request<T>('GET', path, { ...(parameters ? { parameters } : {}), ...(signal ? { signal } : {}) })
export const post = <T>(path: string, body?: unknown) => request<T>('POST', path, { body })
export const patch = <T>(path: string, body: unknown) => request<T>('PATCH', path, { body })
export const put = <T>(path: string, body: unknown) => request<T>('PUT', path, { body })
export const remove = (path: string) => request<void>('DELETE', path)
