/** Imageports that OpenStack's clients log in to: with the embedded Identity, or with a real Keystone beside them. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { place, startImageport } from './imageport.ts'
import { environmentOf, startKeystone } from './keystone.ts'
import type { Environment } from './openstack-clients.ts'

/** `eva` works in `acme`, where `rita` reads; `omar` works in `park`; `root` may do everything and is in `main`. */
export const people = {
  eva: { project: 'acme', role: 'member' },
  rita: { project: 'acme', role: 'reader' },
  omar: { project: 'park', role: 'member' },
  root: { project: 'main', role: 'admin' },
} as const
export type Person = keyof typeof people

export type World = {
  readonly url: string
  readonly authUrl: string
  /** Of all services. */
  readonly region: string
  /** For files of the clients. */
  readonly home: string
  environment(person: Person): Environment
  close(): Promise<void>
}

const names = Object.keys(people) as Person[]
/** Of everybody. */
export const password = 'secret'
/** The one of those who have no other. */
const region = 'RegionOne'

const loginOf = (user: Person) => ({ user, password, project: people[user].project })

/** Further settings of the Imageport; given the directory of its world. */
type More = (directory: string) => Readonly<Record<string, string>>

export async function embeddedWorld(more: More = () => ({})): Promise<World> {
  const at = await place()
  const home = join(at.directory, 'home')
  await mkdir(home)
  const server = await startImageport(at.dataDir, more(at.directory), {
    projects: [{ name: 'acme' }, { name: 'park' }],
    users: names.map((username) => {
      const { project, role } = people[username]
      return role === 'admin'
        ? { username, password, superAdmin: true, defaultProject: project }
        : { username, password, defaultProject: project, roles: [{ project, role }] }
    }),
  })
  const authUrl = `${server.url}/identity/v3`
  return {
    url: server.url,
    authUrl,
    region,
    home,
    environment: (person) => environmentOf(authUrl, loginOf(person)),
    async close() {
      await server.stop()
      await at.remove()
    },
  }
}

/** @throws an Error where Keystone cannot be installed */
export async function keystoneWorld(more: More = () => ({})): Promise<World> {
  const keystone = await startKeystone()
  if (keystone === null) throw new Error('There is no Keystone.')
  const at = await place()
  try {
    const home = join(at.directory, 'home')
    await mkdir(home)
    const projects = new Map<string, string>()
    for (const person of names) {
      const { project, role } = people[person]
      if (!projects.has(project)) projects.set(project, await keystone.createProject(project))
      const id = await keystone.createUser(person, password, { default_project_id: projects.get(project)! })
      await keystone.assign(id, role, projects.get(project)!)
    }
    const server = await startImageport(at.dataDir, { ...more(at.directory), ...keystone.settings }, {})
    await keystone.addService('image', 'glance', server.url)
    return {
      url: server.url,
      authUrl: keystone.url,
      region,
      home,
      environment: (person) => environmentOf(keystone.url, loginOf(person)),
      async close() {
        await server.stop()
        await keystone.stop()
        await at.remove()
      },
    }
  } catch (error) {
    await keystone.stop()
    await at.remove()
    throw error
  }
}
