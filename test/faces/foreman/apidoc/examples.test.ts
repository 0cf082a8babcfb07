import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { after, before, describe, test } from 'node:test'
import { systemActor } from '../../../../src/catalogue/actor.ts'
import { applyBootstrap } from '../../../../src/catalogue/bootstrap/apply.ts'
import { checksum } from '../../../../src/faces/foreman/apidoc/checksum.ts'
import type { Example } from '../../../../src/faces/foreman/apidoc/examples.ts'
import { resources } from '../../../../src/faces/foreman/apidoc/resources/index.ts'
import { foremanFace } from '../../../../src/faces/foreman/index.ts'
import { startServer, type TestServer } from '../../../support/server.ts'
import { fixture, centos1 as image1, centos2 as image2, listOf } from '../fixture.ts'
import { basic } from '../world.ts'

/**
 * The examples that the documentation shows, made by asking a server. `IMAGEPORT_RECORD_EXAMPLES=1` writes the file
 * anew (`npm run format` lays it out); the published ones of images must come out of it as they were.
 */
const file = new URL('../../../../src/faces/foreman/apidoc/examples.json', import.meta.url)

type Step = readonly [key: string, verb: Example['verb'], path: string, request?: object]

const bigcompute = '/api/compute_resources/980190962'
const centos1 = `${bigcompute}/images/980190962`

/** In this order, on one server: what is made in one is changed and deleted in the following ones. */
const steps: readonly Step[] = [
  ['images#index', 'GET', `${bigcompute}/images`],
  ['images#show', 'GET', centos1],
  [
    'images#create',
    'POST',
    `${bigcompute}/images`,
    {
      image: {
        name: 'TestImage',
        username: 'ec2-user',
        uuid: 'abcdef',
        password: 'password',
        operatingsystem_id: 309172073,
        compute_resource_id: 928692541,
        architecture_id: 331892513,
        user_data: true,
      },
    },
  ],
  ['images#update', 'PUT', centos1, { image: {} }],
  ['images#destroy', 'DELETE', centos1, { image: {} }],
  ['compute_resources#index', 'GET', '/api/compute_resources?search=name+~+big'],
  ['compute_resources#show', 'GET', bigcompute],
  [
    'compute_resources#create',
    'POST',
    '/api/compute_resources',
    {
      compute_resource: {
        name: 'kvm1',
        provider: 'Libvirt',
        url: 'qemu+ssh://kvm1.example.com/system',
        organization_ids: [2],
      },
    },
  ],
  [
    'compute_resources#update',
    'PUT',
    '/api/compute_resources/980190963',
    { compute_resource: { description: 'The machine in the corner' } },
  ],
  ['compute_resources#destroy', 'DELETE', '/api/compute_resources/980190963'],
  ['operatingsystems#index', 'GET', '/api/operatingsystems?search=title%3D%22centos+5.3%22'],
  ['operatingsystems#show', 'GET', '/api/operatingsystems/309172073'],
  [
    'operatingsystems#create',
    'POST',
    '/api/operatingsystems',
    { operatingsystem: { name: 'Fedora', major: '40', family: 'Redhat', architecture_ids: [501905019] } },
  ],
  [
    'operatingsystems#update',
    'PUT',
    '/api/operatingsystems/309172075',
    { operatingsystem: { description: 'Fedora 40 Server' } },
  ],
  ['operatingsystems#destroy', 'DELETE', '/api/operatingsystems/309172075'],
  ['architectures#index', 'GET', '/api/architectures?order=name+DESC'],
  ['architectures#show', 'GET', '/api/architectures/x86_64'],
  ['architectures#create', 'POST', '/api/architectures', { architecture: { name: 'riscv64' } }],
  [
    'architectures#update',
    'PUT',
    '/api/architectures/riscv64',
    { architecture: { operatingsystem_ids: [309172073] } },
  ],
  ['architectures#destroy', 'DELETE', '/api/architectures/riscv64'],
  ['organizations#index', 'GET', '/api/organizations'],
  ['organizations#create', 'POST', '/api/organizations', { organization: { name: 'Research' } }],
  ['organizations#show', 'GET', '/api/organizations/Research'],
  [
    'organizations#update',
    'PUT',
    '/api/organizations/Research',
    { organization: { description: 'People who try things' } },
  ],
  ['organizations#destroy', 'DELETE', '/api/organizations/Research'],
  ['locations#create', 'POST', '/api/locations', { location: { name: 'Brno' } }],
  ['locations#index', 'GET', '/api/locations?search=title%3DBrno'],
  ['locations#show', 'GET', '/api/locations/Brno'],
  ['locations#update', 'PUT', '/api/locations/Brno', { location: { description: 'South of the river' } }],
  ['locations#destroy', 'DELETE', '/api/locations/Brno'],
  [
    'users#create',
    'POST',
    '/api/users',
    { user: { login: 'bob', mail: 'bob@example.com', password: 'correct horse battery', auth_source_id: 1 } },
  ],
  ['users#index', 'GET', '/api/users?search=login%3Dbob'],
  ['users#show', 'GET', '/api/users/bob'],
  ['users#update', 'PUT', '/api/users/bob', { user: { firstname: 'Bob' } }],
  ['users#destroy', 'DELETE', '/api/users/bob'],
  ['users#show_current', 'GET', '/api/current_user'],
  ['roles#index', 'GET', '/api/roles?search=name%3DViewer'],
  ['permissions#index', 'GET', '/api/permissions?search=name+~+images'],
  ['auth_sources#index', 'GET', '/api/auth_sources'],
  ['settings#index', 'GET', '/api/settings?search=name%3Dentries_per_page'],
  ['settings#show', 'GET', '/api/settings/entries_per_page'],
  ['home#status', 'GET', '/api/status'],
  ['ping#ping', 'GET', '/api/ping'],
  ['ping#statuses', 'GET', '/api/statuses'],
  ['plugins#index', 'GET', '/api/plugins'],
  ['compute_resources#available_images', 'GET', '/api/compute_resources/1/available_images'],
]

/** Times of today become those of the published page, and how long something took becomes 0. */
function settled(value: unknown, key = ''): unknown {
  if (Array.isArray(value)) return value.map((each) => settled(each))
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, settled(each, name)]))
  if (key === 'duration_ms') return '0'
  if (typeof value !== 'string' || value.startsWith('2024-02-22')) return value
  return value
    .replace(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$/, '2024-02-22 15:52:48 UTC')
    .replace(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/, '2024-02-22T15:52:48.123Z')
}

/** An active image of acme. */
async function catalogueImage({ catalogue }: TestServer): Promise<void> {
  const { uuid } = await catalogue.images.create(systemActor, {
    ownerId: 2,
    uuid: '5f9a35c4-1a07-4c2e-9d9b-2f6b6f1f5c3d',
    name: 'debian-12',
    diskFormat: 'raw',
    containerFormat: 'bare',
  })
  const source = (async function* () {
    yield Buffer.from('bytes')
  })()
  await catalogue.bytes.receive(systemActor, uuid, source, { fallback: 'killed' })
}

describe('the examples of the documentation', () => {
  let server: TestServer
  const answers = new Map<string, Example[]>()
  before(async () => {
    server = await startServer({ faces: [foremanFace()] })
    // The first location is the default one, which stays.
    await server.location('Prague')
    await server.project(2, 'acme')
    const token = await server.token(await server.user({ username: 'admin', superAdmin: true }))
    await applyBootstrap(server.core, systemActor, JSON.stringify(fixture), 'test')

    for (const [key, verb, path, request] of steps) {
      // Not before, because it takes ids that the published examples show.
      if (key === 'compute_resources#available_images') await catalogueImage(server)
      const response = await fetch(`${server.url}${path}`, {
        method: verb,
        headers: { ...basic('admin', token), 'content-type': 'application/json' },
        ...(request === undefined ? {} : { body: JSON.stringify(request) }),
      })
      const example: Example = {
        verb,
        path,
        ...(request === undefined ? {} : { request }),
        status: response.status,
        answer: settled(await response.json()),
      }
      answers.set(key, [...(answers.get(key) ?? []), example])
    }
    if (process.env.IMAGEPORT_RECORD_EXAMPLES) {
      const good = [...answers].filter(([, examples]) => examples.every(({ status }) => status < 300))
      await writeFile(file, `${JSON.stringify(Object.fromEntries(good), null, 2)}\n`)
    }
  })
  after(() => server.close())

  for (const key of new Set(steps.map(([name]) => name)))
    test(`${key} answers as it is shown`, async () => {
      const recorded = JSON.parse(await readFile(file, 'utf8')) as Record<string, Example[]>
      // The order of keys is shown, too.
      assert.equal(JSON.stringify(answers.get(key), null, 2), JSON.stringify(recorded[key], null, 2))
    })

  test('the published answers have not been recorded over', async () => {
    const recorded = JSON.parse(await readFile(file, 'utf8')) as Record<string, Example[]>
    const shown = (method: string) => recorded[`images#${method}`]![0]!.answer
    assert.deepEqual(shown('index'), listOf([image1, image2]))
    assert.deepEqual(shown('show'), image1)
    assert.deepEqual(shown('update'), image1)
    assert.deepEqual(shown('create'), {
      ...image1,
      architecture_id: 331892513,
      architecture_name: 'sparc',
      uuid: 'abcdef',
      username: 'ec2-user',
      created_at: '2024-02-22 15:52:48 UTC',
      updated_at: '2024-02-22 15:52:48 UTC',
      id: 980190963,
      name: 'TestImage',
    })
    assert.deepEqual(shown('destroy'), {
      id: 980190962,
      operatingsystem_id: 309172073,
      compute_resource_id: 980190962,
      architecture_id: 501905019,
      uuid: 'string-of-uuid',
      username: 'root',
      name: 'centos-1',
      created_at: '2024-02-22T15:52:47.631Z',
      updated_at: '2024-02-22T15:52:47.631Z',
      iam_role: null,
      user_data: false,
      password: null,
    })
  })

  test('the server shows them to everybody, and names the checksum on every answer', async () => {
    for (const [path, status] of [
      ['/apidoc/v2/images.html', 200],
      ['/apidoc/apipie_checksum', 200],
      ['/apidoc/v2/nothing.json', 404],
      ['/api/status', 401],
    ] as const) {
      const response = await fetch(`${server.url}${path}`)
      assert.equal(response.status, status, path)
      assert.equal(response.headers.get('apipie-checksum'), checksum, path)
      await response.arrayBuffer()
    }
  })

  test('nothing is shown that is not checked, or that does not exist', async () => {
    const recorded = Object.keys(JSON.parse(await readFile(file, 'utf8')))
    const methods = resources.flatMap(({ id, methods }) => methods.map(({ name }) => `${id}#${name}`))
    assert.deepEqual(
      recorded.filter((key) => !steps.some(([name]) => name === key) || !methods.includes(key)),
      [],
    )
  })
})
