/**
 * A real Keystone for tests, from Debian's package `python3-keystone` (the package `keystone` around it would only add a
 * service of the system). It runs as our child on loopback, with everything it writes in one temporary directory.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { promisify } from 'node:util'
import { debianPackage } from './debian.ts'
import { freePort } from './ports.ts'

export type KeystoneOptions = {
  /** Life of the tokens it issues. Default: an hour, as everywhere. */
  readonly tokenSeconds?: number
}

export type KeystoneAnswer = {
  readonly status: number
  readonly headers: Headers
  // biome-ignore lint/suspicious/noExplicitAny: what a test expects of it, it says itself
  readonly body: any
}

export type Login = {
  readonly user: string
  readonly password: string
  /** Id or name of the domain `Default`; without it the scope is the user's default project, where there is one. */
  readonly project?: string
  readonly scope?: 'unscoped' | 'system'
  /** Name of the domain of user and project. Default: `Default`. */
  readonly domain?: string
}

export type IssuedToken = { readonly text: string; readonly body: KeystoneAnswer['body'] }

export type TestKeystone = {
  /** With `/v3`: a value for IMAGEPORT_KEYSTONE_URL and for OS_AUTH_URL. */
  readonly url: string
  /** Of the user `admin`, who has the role `admin` in the project `admin` and on the system. */
  readonly adminPassword: string
  /** Settings of an Imageport that asks this Keystone, as the user `glance` of the project `service`. */
  readonly settings: Readonly<Record<string, string>>
  /** OS_* variables of OpenStack's command line for somebody. */
  environment(login: Login): Record<string, string>
  /** Any request; `path` counts from `url`. The token is the administrator's unless another is given, or null. */
  request(method: string, path: string, body?: object, token?: string | null): Promise<KeystoneAnswer>
  /** All of these are made with the administrator's rights, and throw unless Keystone agrees. */
  createDomain(name: string): Promise<string>
  createProject(name: string, more?: { readonly domain_id?: string }): Promise<string>
  createUser(
    name: string,
    password: string,
    more?: { readonly domain_id?: string; readonly default_project_id?: string },
  ): Promise<string>
  createRole(name: string): Promise<string>
  /** Gives a user a role in a project, or on the system where no project is named. The role is made where it is missing. */
  assign(userId: string, role: string, projectId?: string): Promise<void>
  unassign(userId: string, role: string, projectId: string): Promise<void>
  /** Changes facts of a user or project, such as `{ enabled: false }`. */
  change(kind: 'user' | 'project', id: string, facts: object): Promise<void>
  remove(kind: 'user' | 'project', id: string): Promise<void>
  /** Enters a service with its three endpoints into the catalogue of the tokens. */
  addService(type: string, name: string, url: string): Promise<void>
  /** @throws an Error with Keystone's answer, where it issues none */
  token(login: Login): Promise<IssuedToken>
  /** For what a `Login` cannot say: any `auth` of `POST /v3/auth/tokens`. */
  tokenFor(auth: object): Promise<IssuedToken>
  revoke(token: string): Promise<void>
  /** Ends the server and keeps its data; `start` serves it again at the same address, with other options where given. */
  halt(): Promise<void>
  start(options?: KeystoneOptions): Promise<void>
  /** Ends the server and removes its data. */
  stop(): Promise<void>
}

const region = 'RegionOne'
const run = promisify(execFile)

/** Starts it with the users `admin` and `glance`, or returns null (after a message on stderr) where it cannot be installed. */
export async function startKeystone(options: KeystoneOptions = {}): Promise<TestKeystone | null> {
  if (!(await debianPackage('python3-keystone'))) return null
  const directory = await mkdtemp(join(tmpdir(), 'imageport-keystone-'))
  const port = await freePort()
  const url = `http://127.0.0.1:${port}/v3`
  const adminPassword = randomBytes(12).toString('base64url')
  const servicePassword = randomBytes(12).toString('base64url')
  const server = serverIn(directory, port)
  try {
    await prepareDirectory(directory, options)
    // It can be started while its tables are being made: nobody asks it anything before.
    await Promise.all([
      makeTables(directory, { url, password: adminPassword }),
      server.start(() => fetch(url).then((answer) => answer.ok)),
    ])
    const keystone = interfaceOf({ url, adminPassword, servicePassword, directory, server })
    const service = await keystone.createProject('service')
    const glance = await keystone.createUser('glance', servicePassword)
    await keystone.assign(glance, 'service', service)
    return keystone
  } catch (error) {
    await server.stop()
    await rm(directory, { recursive: true, force: true })
    throw error
  }
}

async function prepareDirectory(directory: string, options: KeystoneOptions): Promise<void> {
  // Keystone leaves reading transactions open, which without a write-ahead log would keep it from writing.
  const database = new DatabaseSync(join(directory, 'keystone.sqlite'))
  database.exec('pragma journal_mode = wal')
  database.close()
  for (const name of ['fernet', 'credential']) {
    await mkdir(join(directory, name), { mode: 0o700 })
    // Key 0 is the next one, the highest number the one in use; both as `keystone-manage fernet_setup` makes them.
    for (const key of ['0', '1']) {
      await writeFile(join(directory, name, key), base64(randomBytes(32)), { mode: 0o600 })
    }
  }
  await writeSettings(directory, options)
}

function base64(bytes: Buffer): string {
  return bytes.toString('base64').replaceAll('+', '-').replaceAll('/', '_')
}

async function writeSettings(directory: string, { tokenSeconds = 3600 }: KeystoneOptions): Promise<void> {
  const text = `
    [DEFAULT]
    use_stderr = true
    default_log_levels = py.warnings=ERROR
    [database]
    connection = sqlite:///${join(directory, 'keystone.sqlite')}
    [token]
    expiration = ${tokenSeconds}
    [fernet_tokens]
    key_repository = ${join(directory, 'fernet')}
    [fernet_receipts]
    key_repository = ${join(directory, 'fernet')}
    [credential]
    key_repository = ${join(directory, 'credential')}
    [identity]
    password_hash_rounds = 4
  `
  await writeFile(join(directory, 'keystone.conf'), text.replace(/^ +/gm, ''))
}

async function makeTables(
  directory: string,
  { url, password }: { readonly url: string; readonly password: string },
): Promise<void> {
  const manage = async (...args: string[]) => {
    await run('keystone-manage', ['--config-file', join(directory, 'keystone.conf'), ...args], {
      env: systemEnvironment(),
    })
  }
  await manage('db_sync')
  const urls = ['public', 'internal', 'admin'].flatMap((name) => [`--bootstrap-${name}-url`, url])
  await manage(
    'bootstrap',
    '--bootstrap-password',
    password,
    '--bootstrap-region-id',
    region,
    '--bootstrap-service-name',
    'keystone',
    ...urls,
  )
}

type Server = {
  start(answers: () => Promise<boolean>): Promise<void>
  stop(): Promise<void>
}

/** Keystone's own WSGI script, which serves one request after the other. */
function serverIn(directory: string, port: number): Server {
  let child: ChildProcess | null = null
  const kill = () => child?.kill('SIGKILL')

  return {
    async start(answers) {
      const started = spawn(
        'keystone-wsgi-public',
        ['--host', '127.0.0.1', '--port', `${port}`, '--', '--config-file', join(directory, 'keystone.conf')],
        { stdio: ['ignore', 'ignore', 'pipe'], env: systemEnvironment() },
      )
      child = started
      // When the test run ends without getting to `stop`.
      process.once('exit', kill)
      let words = ''
      started.stderr.setEncoding('utf8').on('data', (text: string) => {
        words = (words + text).slice(-4000)
      })
      const deadline = Date.now() + 60_000
      while (Date.now() < deadline && started.exitCode === null) {
        if (await answers().catch(() => false)) return
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
      throw new Error(`Keystone does not start: ${words}`)
    },
    async stop() {
      process.off('exit', kill)
      const ending = child
      child = null
      if (ending === null || ending.exitCode !== null || ending.signalCode !== null) return
      await new Promise<void>((resolve) => {
        ending.once('exit', () => resolve())
        ending.kill('SIGKILL')
      })
    },
  }
}

type Parts = {
  readonly url: string
  readonly adminPassword: string
  readonly servicePassword: string
  readonly directory: string
  readonly server: Server
}

function interfaceOf({ url, adminPassword, servicePassword, directory, server }: Parts): TestKeystone {
  let adminToken: string | null = null
  const roles = new Map<string, string>()
  const admin: Login = { user: 'admin', password: adminPassword, scope: 'system' }

  async function send(
    method: string,
    path: string,
    body: object | undefined,
    headers: Record<string, string>,
  ): Promise<KeystoneAnswer> {
    const answer = await fetch(url + path, {
      method,
      headers: { 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await answer.text()
    return { status: answer.status, headers: answer.headers, body: text === '' ? null : JSON.parse(text) }
  }

  async function tokenFor(auth: object): Promise<IssuedToken> {
    const answer = await send('POST', '/auth/tokens', { auth }, {})
    const text = answer.headers.get('x-subject-token')
    if (answer.status !== 201 || text === null) throw refusal('POST /auth/tokens', answer)
    return { text, body: answer.body.token }
  }

  async function request(
    method: string,
    path: string,
    body?: object,
    given?: string | null,
  ): Promise<KeystoneAnswer> {
    if (given !== undefined) return send(method, path, body, given === null ? {} : { 'x-auth-token': given })
    if (adminToken !== null) {
      const answer = await send(method, path, body, { 'x-auth-token': adminToken })
      if (answer.status !== 401) return answer
    }
    adminToken = (await tokenFor(authOf(admin))).text
    return send(method, path, body, { 'x-auth-token': adminToken })
  }

  /** What must succeed. */
  async function demand(method: string, path: string, body?: object): Promise<KeystoneAnswer['body']> {
    const answer = await request(method, path, body)
    if (answer.status >= 300) throw refusal(`${method} ${path}`, answer)
    return answer.body
  }

  async function roleId(name: string): Promise<string> {
    const known = roles.get(name)
    if (known !== undefined) return known
    const found = await demand('GET', `/roles?name=${encodeURIComponent(name)}`)
    const id: string = found.roles[0]?.id ?? (await demand('POST', '/roles', { role: { name } })).role.id
    roles.set(name, id)
    return id
  }

  async function assignment(method: string, userId: string, role: string, projectId?: string): Promise<void> {
    const place = projectId === undefined ? '/system' : `/projects/${projectId}`
    await demand(method, `${place}/users/${userId}/roles/${await roleId(role)}`)
  }

  return {
    url,
    adminPassword,
    settings: {
      IMAGEPORT_KEYSTONE_URL: url,
      IMAGEPORT_KEYSTONE_USERNAME: 'glance',
      IMAGEPORT_KEYSTONE_PASSWORD: servicePassword,
      IMAGEPORT_KEYSTONE_PROJECT: 'service',
    },
    environment: (login) => environmentOf(url, login),
    request,
    createDomain: async (name) => (await demand('POST', '/domains', { domain: { name } })).domain.id,
    createProject: async (name, more = {}) =>
      (await demand('POST', '/projects', { project: { name, domain_id: 'default', ...more } })).project.id,
    createUser: async (name, password, more = {}) =>
      (await demand('POST', '/users', { user: { name, password, domain_id: 'default', ...more } })).user.id,
    createRole: roleId,
    assign: (userId, role, projectId) => assignment('PUT', userId, role, projectId),
    unassign: (userId, role, projectId) => assignment('DELETE', userId, role, projectId),
    change: (kind, id, facts) => demand('PATCH', `/${kind}s/${id}`, { [kind]: facts }),
    remove: (kind, id) => demand('DELETE', `/${kind}s/${id}`),
    async addService(type, name, endpoint) {
      const { service } = await demand('POST', '/services', { service: { type, name } })
      for (const kind of ['public', 'internal', 'admin']) {
        const entry = { service_id: service.id, interface: kind, url: endpoint, region_id: region }
        await demand('POST', '/endpoints', { endpoint: entry })
      }
    },
    token: (login) => tokenFor(authOf(login)),
    tokenFor,
    async revoke(text) {
      const answer = await send('DELETE', '/auth/tokens', undefined, {
        'x-auth-token': text,
        'x-subject-token': text,
      })
      if (answer.status !== 204) throw refusal('DELETE /auth/tokens', answer)
    },
    halt: () => server.stop(),
    async start(options = {}) {
      await writeSettings(directory, options)
      await server.start(() => fetch(url).then((answer) => answer.ok))
    },
    async stop() {
      await server.stop()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

function authOf({ user, password, project, scope, domain = 'Default' }: Login): object {
  const identity = {
    methods: ['password'],
    password: { user: { name: user, domain: { name: domain }, password } },
  }
  if (scope === 'unscoped') return { identity, scope }
  if (scope === 'system') return { identity, scope: { system: { all: true } } }
  if (project === undefined) return { identity }
  const named = /^[0-9a-f]{32}$/.test(project) ? { id: project } : { name: project, domain: { name: domain } }
  return { identity, scope: { project: named } }
}

/** OS_* variables for somebody whose Identity, this Keystone or another, is at `url`. */
export function environmentOf(
  url: string,
  { user, password, project, scope, domain = 'Default' }: Login,
): Record<string, string> {
  return {
    OS_AUTH_URL: url,
    OS_IDENTITY_API_VERSION: '3',
    OS_REGION_NAME: region,
    OS_USERNAME: user,
    OS_PASSWORD: password,
    OS_USER_DOMAIN_NAME: domain,
    ...(scope === 'system' ? { OS_SYSTEM_SCOPE: 'all' } : {}),
    ...(project === undefined ? {} : { OS_PROJECT_NAME: project, OS_PROJECT_DOMAIN_NAME: domain }),
  }
}

function refusal(what: string, answer: KeystoneAnswer): Error {
  return new Error(`${what}: Keystone answers ${answer.status} ${JSON.stringify(answer.body)}`)
}

/** Debian's programs, and not some other Python that comes first in PATH; nothing of a cloud that the caller may use. */
function systemEnvironment(): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !/^(OS|PYTHON)/.test(name))
  return { ...Object.fromEntries(own), PATH: '/usr/sbin:/usr/bin:/sbin:/bin' }
}
