import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { debianPackage } from '../support/debian.ts'
import { type Imageport, place, startImageport, tokens } from '../support/imageport.ts'
import { client } from '../support/onecloudplanet.ts'

const run = promisify(execFile)
const tools = await debianPackage('ansible', 'python3-requests')
const skip = tools ? false : 'Debian’s package ansible cannot be installed here'

type Task = Readonly<Record<string, unknown>>
type Outcome = { readonly changed: boolean; readonly [key: string]: unknown }

/** The collection theforeman.foreman of Debian's ansible, unmodified, against a real Imageport. */
describe('Ansible’s Foreman modules', { skip }, () => {
  let at: Awaited<ReturnType<typeof place>>
  let server: Imageport
  before(async () => {
    at = await place()
    server = await startImageport(at.dataDir)
  })
  after(async () => {
    await server?.stop()
    await at?.remove()
  })

  let plays = 0
  /** Runs these tasks as one playbook; returns what each module answered. */
  async function play(...tasks: readonly Task[]): Promise<Outcome[]> {
    const home = join(at.directory, 'ansible')
    await mkdir(home, { recursive: true })
    const book = join(home, `play-${++plays}.json`)
    const login = {
      server_url: server.url,
      username: 'admin',
      password: 'admin-password',
      validate_certs: false,
    }
    const named = tasks.map((task, i) => {
      const [[module, options]] = Object.entries(task) as [[string, object]]
      return { name: `task ${i}`, [`theforeman.foreman.${module}`]: { ...login, ...options } }
    })
    await writeFile(
      book,
      JSON.stringify([{ hosts: 'localhost', connection: 'local', gather_facts: false, tasks: named }]),
    )
    const env = {
      PATH: process.env.PATH,
      // The modules run under the system's own Python, whatever else is in PATH.
      ANSIBLE_PYTHON_INTERPRETER: '/usr/bin/python3',
      HOME: home,
      XDG_CACHE_HOME: join(home, 'cache'),
      ANSIBLE_LOCALHOST_WARNING: 'False',
      ANSIBLE_STDOUT_CALLBACK: 'json',
      ANSIBLE_LOCAL_TEMP: join(home, 'tmp'),
      LC_ALL: 'C.UTF-8',
    }
    const { stdout, failed } = await run('/usr/bin/ansible-playbook', [book], {
      env,
      maxBuffer: 64 * 1024 * 1024,
    }).then(
      ({ stdout }) => ({ stdout, failed: false }),
      (error: { stdout: string; stderr: string }) => ({ stdout: error.stdout || error.stderr, failed: true }),
    )
    assert.equal(failed, false, stdout)
    const report = JSON.parse(stdout.slice(stdout.indexOf('{')))
    return report.plays[0].tasks.map((task: { hosts: { localhost: Outcome } }) => task.hosts.localhost)
  }

  /** Create, again, update, delete, again: changed, not, changed, changed, not. */
  async function lifeOf(module: string, present: object, update: object): Promise<void> {
    const outcomes = await play(
      { [module]: { ...present, state: 'present' } },
      { [module]: { ...present, state: 'present' } },
      { [module]: { ...present, ...update, state: 'present' } },
      { [module]: { ...present, state: 'absent' } },
      { [module]: { ...present, state: 'absent' } },
    )
    assert.deepEqual(
      outcomes.map((outcome) => outcome.changed),
      [true, false, true, true, false],
      JSON.stringify(outcomes, null, 1),
    )
  }

  test('organization', () =>
    lifeOf('organization', { name: 'Umbrella', description: 'one' }, { description: 'two' }))
  test('location', () => lifeOf('location', { name: 'Kyiv' }, { organizations: ['main'] }))
  test('architecture', async () => {
    await play({
      operatingsystem: {
        name: 'Rocky',
        major: 9,
        os_family: 'Redhat',
        password_hash: 'SHA512',
        state: 'present',
      },
    })
    await lifeOf('architecture', { name: 'riscv64' }, { operatingsystems: ['Rocky 9'] })
  })
  test('operatingsystem', () =>
    lifeOf(
      'operatingsystem',
      { name: 'CentOS', major: 7, minor: 9, os_family: 'Redhat', password_hash: 'SHA512' },
      { description: 'CentOS Linux' },
    ))
  test('compute_resource', () =>
    lifeOf(
      'compute_resource',
      {
        name: 'bigcompute',
        provider: 'libvirt',
        provider_params: { url: 'qemu:///system' },
        organizations: ['main'],
        locations: ['ua-central-1'],
      },
      { description: 'the big one' },
    ))

  test('image', async () => {
    await play(
      { architecture: { name: 'x86_64', state: 'present' } },
      {
        operatingsystem: {
          name: 'Fedora',
          major: 41,
          os_family: 'Redhat',
          password_hash: 'SHA512',
          state: 'present',
        },
      },
      {
        compute_resource: {
          name: 'vmhost',
          provider: 'libvirt',
          provider_params: { url: 'qemu:///system' },
          organizations: ['main'],
          locations: ['ua-central-1'],
          state: 'present',
        },
      },
    )
    const image = {
      name: 'golden',
      image_username: 'root',
      operatingsystem: 'Fedora 41',
      architecture: 'x86_64',
      compute_resource: 'vmhost',
      uuid: 'template-1',
    }
    await lifeOf('image', image, { uuid: 'template-2' })
  })

  test('an uploaded image is there by itself, and its registration can be managed', async () => {
    const eva = client(server.url, tokens.eva)
    const id = await eva.upload('uploaded elsewhere', 'raw', new Blob(['some bytes']))
    const [info] = await play({ resource_info: { resource: 'images', params: { compute_resource_id: 1 } } })
    const found = (info!.resources as { uuid: string; name: string }[]).find((one) => one.uuid === id)
    assert.equal(found?.name, 'uploaded elsewhere')
  })

  test('resource_info searches', async () => {
    const [info] = await play({ resource_info: { resource: 'operatingsystems', search: 'name = Rocky' } })
    assert.deepEqual(
      (info!.resources as { title: string }[]).map(({ title }) => title),
      ['Rocky 9'],
    )
  })
})
