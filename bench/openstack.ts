import { randomBytes } from 'node:crypto'
import { customer, type Installation, install, type Server } from './installation.ts'

/** Somebody who speaks OpenStack to a server: where, as which processes, and with which headers. */
export type Cloud = {
  readonly url: string
  readonly pids: readonly number[]
  readonly headers: Readonly<Record<string, string>>
}

const member = 'member'

/** An installation whose customer has a member that logs in as OpenStack's clients do. */
export function cloudInstallation(
  parent: string,
  name: string,
): Installation & { readonly password: string } {
  const password = randomBytes(12).toString('hex')
  const roles = [{ project: customer, role: 'member' }]
  return { ...install(parent, name, {}, [{ username: member, password, roles }]), password }
}

/** The server for the customer's member, with a token of the embedded Identity. */
export async function cloudOf({ url, pid }: Server, password: string): Promise<Cloud> {
  const domain = { id: 'default' }
  const user = { name: member, domain, password }
  const response = await fetch(`${url}/identity/v3/auth/tokens`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      auth: {
        identity: { methods: ['password'], password: { user } },
        scope: { project: { name: customer, domain } },
      },
    }),
  })
  const token = response.headers.get('x-subject-token')
  if (token === null) throw new Error(`no token: ${response.status} ${await response.text()}`)
  return { url, pids: [pid], headers: { 'x-auth-token': token } }
}

export const imagePath = (id: string) => `/v2/images/${id}`

/** @returns the id of a new image that waits for its bytes */
export async function createImage({ url, headers }: Cloud): Promise<string> {
  const response = await fetch(`${url}/v2/images`, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'disk', disk_format: 'raw', container_format: 'bare' }),
  })
  if (response.status !== 201)
    throw new Error(`an image was answered ${response.status}: ${await response.text()}`)
  return ((await response.json()) as { id: string }).id
}

export async function deleteImage({ url, headers }: Cloud, id: string): Promise<void> {
  const response = await fetch(url + imagePath(id), { method: 'DELETE', headers })
  if (response.status !== 204) throw new Error(`a deletion was answered ${response.status}`)
}
