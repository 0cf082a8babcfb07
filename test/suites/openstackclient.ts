import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  type Clients,
  type Environment,
  type Run,
  realRun,
  refused,
  said,
  shown,
} from '../support/openstack-clients.ts'
import type { Person, World } from '../support/openstack-world.ts'

/** A name that has everything by which words are cut, escaped or taken for something else. */
const odd = 'Größe, "Ordnung" & 50% – it’s 日本/…😀'
const json = ['-f', 'json'] as const

type Setting = { readonly world: World; readonly clients: Clients }

/** The command `openstack`, whoever the Identity is. */
export function openstackclientSuite(given: () => Setting): void {
  describe('openstack', () => {
    let world: World
    let clients: Clients
    let env: Readonly<Record<Person, Environment>>
    /** Ids of projects by a member. */
    const project = {} as Record<Person, string>
    const bytes = Buffer.from('three words, '.repeat(40_000))
    let file: string
    before(async () => {
      ;({ world, clients } = given())
      const people = ['eva', 'rita', 'omar', 'root'] as const
      env = Object.fromEntries(people.map((person) => [person, world.environment(person)])) as typeof env
      for (const person of people)
        project[person] = (await shown(as(person, 'token issue', ...json))).project_id
      file = join(world.home, 'three words.raw')
      await writeFile(file, bytes)
    })

    /** A command of words without spaces, followed by words that may have some. */
    const as = (person: Person, command: string, ...more: readonly string[]): Promise<Run> =>
      clients.openstack(env[person], ...command.split(' '), ...more)
    const create = async (person: Person, name: string, ...more: readonly string[]) =>
      shown(as(person, 'image create', ...json, ...more, name))
    const show = (person: Person, image: string) => shown(as(person, 'image show', ...json, image))
    const list = async (person: Person, ...more: readonly string[]): Promise<string[]> => {
      const rows = await shown(as(person, 'image list', ...json, ...more))
      return rows.map((row: { Name: string }) => row.Name)
    }
    const active = async (person: Person, id: string) => {
      for (let tries = 0; tries < 100; tries++) {
        const image = await show(person, id)
        if (image.status === 'active') return image
        await sleep(100)
      }
      return assert.fail(`${id} does not become active`)
    }

    test('as its user starts it: token, catalogue, an upload, a list, a download', async () => {
      const real = (...args: readonly string[]) => realRun(world.home, env.eva, 'openstack', ...args)
      const token = await shown(real('token', 'issue', ...json))
      assert.equal(token.project_id, project.eva)
      const name = 'by hand'
      const image = await shown(
        real('image', 'create', ...json, '--file', file, '--disk-format', 'raw', '--tag', 'first', name),
      )
      assert.deepEqual([image.name, image.tags, image.owner], [name, ['first'], project.eva])
      const rows = await shown(real('image', 'list', '--long', ...json))
      const row = rows.find((one: { ID: string }) => one.ID === image.id)
      assert.deepEqual(
        [row.Name, row.Status, row.Size, row.Project],
        [name, 'active', bytes.length, project.eva],
      )
      const saved = join(world.home, 'saved.raw')
      await said(real('image', 'save', '--file', saved, name))
      assert.deepEqual(await readFile(saved), bytes)
      await said(as('eva', 'image delete', name))
      await refused(as('eva', 'image show', image.id), /No Image found for/)
    })

    test('the catalogue leads to both services', async () => {
      const services = await shown(as('eva', 'catalog list', ...json))
      const url = (type: string) => {
        const { Endpoints } = services.find((one: { Type: string }) => one.Type === type)
        return Endpoints.find((one: { interface: string }) => one.interface === 'public').url
      }
      assert.deepEqual([url('identity'), url('image')], [world.authUrl, world.url])
    })

    test('an image with everything, by name and by id', async () => {
      const made = await create(
        'eva',
        odd,
        ...['--file', file, '--disk-format', 'raw', '--container-format', 'bare', '--private'],
        ...['--min-disk', '3', '--min-ram', '512', '--protected', '--tag', 'zwei', '--tag', 'Kyïv 1'],
        ...['--property', 'os_distro=debian', '--property', 'note=a=b, "c" – 😀', '--property', 'Größe=9'],
      )
      for (const wanted of [odd, made.id]) {
        const image = await show('eva', wanted)
        assert.deepEqual(
          [image.id, image.name, image.status, image.visibility, image.protected, image.tags.toSorted()],
          [made.id, odd, 'active', 'private', true, ['Kyïv 1', 'zwei']],
        )
        assert.deepEqual([image.min_disk, image.min_ram, image.size], [3, 512, bytes.length])
        const { os_distro, note, Größe, os_hidden, os_hash_algo } = image.properties
        assert.deepEqual(
          [os_distro, note, Größe, os_hidden, os_hash_algo],
          ['debian', 'a=b, "c" – 😀', '9', false, 'sha512'],
        )
      }
      await refused(as('eva', 'image delete', odd), /403.*protected and cannot be deleted/s)
      await said(as('eva', 'image set', '--unprotected', odd))
      await said(as('eva', 'image delete', odd))
      assert.deepEqual(await list('eva', '--name', odd), [])
    })

    // What is sorted, this version of the client sorts by itself.
    test('lists: filters, order, pages', async () => {
      const tag = ['--tag', 'listed']
      const upload = [...tag, '--file', file, '--disk-format', 'raw']
      await create('eva', 'list b', ...upload, '--property', 'team=blue')
      await create('eva', 'list a', ...upload, '--tag', 'also, this', '--property', 'team=red')
      await create('eva', 'list c', ...tag, '--community')
      await create('eva', 'list d', ...tag, '--private')
      await create('root', 'list e', ...tag, '--public')
      await create('omar', 'list f', ...tag, '--community')
      await said(as('eva', 'image set', '--hidden', 'list d'))
      const cases: readonly [Person, readonly string[], readonly string[]][] = [
        ['eva', ['--sort', 'name:asc'], ['list a', 'list b', 'list c', 'list e']],
        ['eva', ['--sort', 'name:desc'], ['list e', 'list c', 'list b', 'list a']],
        ['eva', ['--sort', 'created_at:desc', '--limit', '2'], ['list e', 'list c']],
        ['eva', ['--sort', 'created_at:desc', '--marker', 'list c'], ['list a', 'list b']],
        ['eva', ['--name', 'list a'], ['list a']],
        ['eva', ['--status', 'queued', '--sort', 'name:asc'], ['list c', 'list e']],
        ['eva', ['--tag', 'also, this'], ['list a']],
        ['eva', ['--property', 'team=blue'], ['list b']],
        ['eva', ['--hidden'], ['list d']],
        ['eva', ['--public'], ['list e']],
        ['eva', ['--private'], []],
        ['eva', ['--shared', '--sort', 'name:asc'], ['list a', 'list b']],
        ['eva', ['--community', '--sort', 'name:asc'], ['list c', 'list f']],
        ['eva', ['--all', '--sort', 'name:asc'], ['list a', 'list b', 'list c', 'list e', 'list f']],
        ['rita', ['--sort', 'name:asc'], ['list a', 'list b', 'list c', 'list e']],
        ['omar', ['--sort', 'name:asc'], ['list e', 'list f']],
        ['root', ['--project', project.eva, '--sort', 'name:asc'], ['list a', 'list b']],
        ['root', ['--project', 'acme', '--sort', 'name:asc'], ['list a', 'list b']],
      ]
      for (const [person, options, expected] of cases)
        assert.deepEqual(await list(person, ...tag, ...options), expected, `${person}: ${options.join(' ')}`)
      const names = ['list a', 'list b', 'list c', 'list d']
      await said(as('eva', 'image delete', ...names.slice(0, 3)))
      const hidden = await shown(as('eva', 'image list', ...json, '--hidden', '--long'))
      await said(as('eva', 'image delete', hidden[0].ID))
      await said(as('root', 'image delete', 'list e'))
      await said(as('omar', 'image delete', 'list f'))
    })

    test('what can be set is set, and unset', async () => {
      const { id } = await create('eva', 'changing', '--property', 'kept=yes', '--tag', 'old')
      await said(as('eva', 'image set', '--name', odd, '--min-disk', '7', '--min-ram', '64', id))
      await said(as('eva', 'image set', '--disk-format', 'qcow2', '--container-format', 'bare', odd))
      await said(
        as('eva', 'image set', '--property', 'ключ/1=a=b', '--property', 'kept=on', '--tag', 'n e w', id),
      )
      await said(
        as('eva', 'image set', '--os-distro', 'debian', '--os-version', '13', '--architecture', 'arm64', id),
      )
      await said(as('eva', 'image set', '--hidden', '--community', id))
      const image = await show('eva', id)
      assert.deepEqual(
        [
          image.name,
          image.min_disk,
          image.min_ram,
          image.disk_format,
          image.container_format,
          image.visibility,
        ],
        [odd, 7, 64, 'qcow2', 'bare', 'community'],
      )
      assert.deepEqual(image.tags.toSorted(), ['n e w', 'old'])
      const { kept, os_distro, os_version, architecture, os_hidden } = image.properties
      assert.deepEqual(
        [kept, image.properties['ключ/1'], os_distro, os_version, architecture, os_hidden],
        ['on', 'a=b', 'debian', '13', 'arm64', true],
      )
      await said(
        as('eva', 'image unset', '--property', 'ключ/1', '--property', 'os_distro', '--tag', 'n e w', id),
      )
      await said(as('eva', 'image set', '--unhidden', '--private', id))
      const plain = await show('eva', id)
      assert.deepEqual(
        [plain.tags, plain.properties.kept, plain.properties.os_distro, plain.properties.os_hidden],
        [['old'], 'on', undefined, false],
      )
      await refused(as('eva', 'image unset', '--tag', 'never', id), /Failed to unset 1 of 1 tags/)
      await refused(as('eva', 'image set', '--public', id), /403/)
      await refused(as('rita', 'image set', '--name', 'x', id), /403/)
      await refused(as('rita', 'image create', 'read only'), /403.*add_image/s)
      await said(as('eva', 'image delete', id))
    })

    test('shared, accepted, rejected', async () => {
      const { id } = await create('eva', 'given', '--file', file, '--disk-format', 'raw', '--shared')
      await refused(as('omar', 'image show', id), /No Image found for/)
      const member = await shown(as('eva', 'image add project', ...json, 'given', project.omar))
      assert.deepEqual([member.image_id, member.member_id, member.status], [id, project.omar, 'pending'])
      // By its id it is there at once, in lists when its new user wants it.
      assert.equal((await show('omar', id)).name, 'given')
      assert.deepEqual(await list('omar', '--shared'), [])
      assert.deepEqual(await list('omar', '--shared', '--member-status', 'pending'), ['given'])
      await said(as('omar', 'image set', '--accept', id))
      assert.deepEqual(await list('omar', '--shared'), ['given'])
      const saved = join(world.home, 'received.raw')
      await said(as('omar', 'image save', '--file', saved, 'given'))
      assert.deepEqual(await readFile(saved), bytes)
      const members = await shown(as('eva', 'image member list', ...json, 'given'))
      assert.deepEqual(members, [{ 'Image ID': id, 'Member ID': project.omar, Status: 'accepted' }])
      await said(as('omar', 'image set', '--reject', id))
      assert.deepEqual(await list('omar', '--shared'), [])
      await refused(as('omar', 'image set', '--name', 'mine', id), /403/)
      await refused(as('omar', 'image delete', id), /403/)
      await refused(as('eva', 'image add project', id, project.omar), /409/)
      await said(as('eva', 'image remove project', id, project.omar))
      await refused(as('omar', 'image show', id), /No Image found for/)
      await said(as('eva', 'image delete', id))
    })

    test('administrators name projects, and share and give away', async () => {
      const { id } = await create('root', 'passed on', '--shared')
      // `image create --project` of this version makes a property of the project.
      await said(as('root', 'image set', '--project', 'acme', id))
      assert.equal((await show('eva', id)).owner, project.eva)
      await said(as('root', 'image add project', id, 'park'))
      const members = await shown(as('root', 'image member list', ...json, id))
      assert.deepEqual(
        members.map((one: Record<string, string>) => one['Member ID']),
        [project.omar],
      )
      await said(as('root', 'image set', '--project', 'park', id))
      assert.equal((await show('omar', id)).owner, project.omar)
      await said(as('root', 'image delete', id))
    })

    test('deactivated and activated again', async () => {
      const { id } = await create('eva', 'switched', '--file', file, '--disk-format', 'raw')
      await said(as('eva', 'image set', '--deactivate', id))
      assert.equal((await show('eva', id)).status, 'deactivated')
      const saved = join(world.home, 'switched.raw')
      await refused(as('eva', 'image save', '--file', saved, id), /Unable to download image/)
      await said(as('root', 'image save', '--file', saved, id))
      await said(as('eva', 'image set', '--activate', id))
      await said(as('eva', 'image save', '--file', saved, id))
      assert.deepEqual(await readFile(saved), bytes)
      await said(as('eva', 'image delete', id))
    })

    test('imported by way of the staging area', async () => {
      const { id } = await create('eva', 'staged', '--import', '--file', file, '--disk-format', 'raw')
      const image = await active('eva', id)
      assert.equal(image.size, bytes.length)
      const saved = join(world.home, 'imported.raw')
      await said(as('eva', 'image save', '--file', saved, 'staged'))
      assert.deepEqual(await readFile(saved), bytes)
      await said(as('eva', 'image delete', id))
    })

    test('content that is not what it is said to be is refused, and the image goes with it', async () => {
      await refused(as('eva', 'image create', '--file', file, '--disk-format', 'qcow2', 'liar'), /415/)
      assert.deepEqual(await list('eva', '--name', 'liar'), [])
    })

    test('application credentials, tokens and clouds.yaml', async () => {
      const made = await shown(
        as('eva', 'application credential create', ...json, '--role', 'member', 'für die Uhr'),
      )
      const listed = await shown(as('eva', 'application credential list', ...json))
      assert.ok(listed.some((one: { ID: string }) => one.ID === made.id))
      const auth = { OS_AUTH_URL: world.authUrl, OS_IDENTITY_API_VERSION: '3' }
      const machine = {
        ...auth,
        OS_AUTH_TYPE: 'v3applicationcredential',
        OS_APPLICATION_CREDENTIAL_ID: made.id,
        OS_APPLICATION_CREDENTIAL_SECRET: made.secret,
      }
      const image = await shown(clients.openstack(machine, 'image', 'create', ...json, 'by a machine'))
      assert.equal(image.owner, project.eva)
      await refused(clients.openstack(machine, 'application', 'credential', 'create', 'another'), /403/)
      const { id: token } = await shown(clients.openstack(machine, 'token', 'issue', ...json))
      const bearer = { ...auth, OS_AUTH_TYPE: 'admin_token', OS_ENDPOINT: `${world.url}/v2`, OS_TOKEN: token }
      await said(clients.openstack(bearer, 'image', 'show', image.id))

      const cloud = {
        auth_type: 'v3applicationcredential',
        region_name: env.eva.OS_REGION_NAME,
        auth: {
          auth_url: world.authUrl,
          application_credential_id: made.id,
          application_credential_secret: made.secret,
        },
      }
      const clouds = join(world.home, 'clouds.yaml')
      await writeFile(clouds, JSON.stringify({ clouds: { machine: cloud } }))
      const named = { OS_CLIENT_CONFIG_FILE: clouds, OS_CLOUD: 'machine' }
      await said(clients.openstack(named, 'image', 'delete', image.id))

      await said(as('eva', 'application credential delete', made.id))
      await refused(clients.openstack(machine, 'token', 'issue'), /401|404/)
    })

    test('a token that was revoked is good for nothing', async () => {
      const { id: token } = await shown(as('eva', 'token issue', ...json))
      const bearer = {
        OS_AUTH_URL: world.authUrl,
        OS_IDENTITY_API_VERSION: '3',
        OS_AUTH_TYPE: 'v3token',
        OS_PROJECT_ID: project.eva,
        OS_TOKEN: token,
      }
      await said(clients.openstack(bearer, 'image', 'list'))
      await said(as('eva', 'token revoke', token))
      await refused(clients.openstack(bearer, 'image', 'list'), /401|404/)
    })

    test('a wrong password is told in one line', () =>
      refused(
        clients.openstack({ ...env.eva, OS_PASSWORD: 'wrong' }, 'image', 'list'),
        /^The request you have made requires authentication\. \(HTTP 401\)/,
      ))
  })
}
