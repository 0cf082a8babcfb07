import assert from 'node:assert/strict'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  type Clients,
  type Environment,
  type Run,
  realRun,
  refused,
  rows,
  said,
  shown,
} from '../support/openstack-clients.ts'
import type { Person, World } from '../support/openstack-world.ts'

const odd = 'Größe, "Ordnung" & 50% – it’s: 日本/…😀'

/**
 * The command `glance`, which builds what it knows of images from our schemas. It logs in for each run, or is given a token
 * and the address of the images, which it uses by other means.
 */
export function glanceclientSuite(
  given: () => { readonly world: World; readonly clients: Clients },
  { byToken }: { readonly byToken: boolean },
): void {
  describe('glance', () => {
    let world: World
    let clients: Clients
    let env: Readonly<Record<Person, Environment>>
    let park: string
    let file: string
    const bytes = Buffer.from('bytes for glance, '.repeat(30_000))
    /** A web server with the bytes. */
    let web: Server
    let webUrl: string
    before(async () => {
      ;({ world, clients } = given())
      const logins: Record<string, Environment> = {}
      for (const person of ['eva', 'rita', 'omar', 'root'] as const) {
        logins[person] = world.environment(person)
        const token = await shown(clients.openstack(logins[person], 'token', 'issue', '-f', 'json'))
        if (person === 'omar') park = token.project_id
        if (byToken) logins[person] = { OS_AUTH_TOKEN: token.id, OS_IMAGE_URL: world.url }
      }
      env = logins as typeof env
      file = join(world.home, 'for glance.raw')
      await writeFile(file, bytes)
      web = createServer((request, response) => {
        response.statusCode = request.url === '/disk.raw' ? 200 : 404
        response.end(bytes)
      })
      await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve))
      webUrl = `http://127.0.0.1:${(web.address() as AddressInfo).port}`
    })
    after(() => void web?.close())

    const as = (person: Person, command: string, ...more: readonly string[]): Promise<Run> =>
      clients.glance(env[person], ...command.split(' '), ...more)
    const formats = ['--disk-format', 'raw', '--container-format', 'bare']
    /** What a run shows of one thing. */
    const facts = async (run: Promise<Run>): Promise<Record<string, string>> =>
      Object.fromEntries((await rows(run)).map(([name, value]) => [name!, value!]))
    const create = async (person: Person, ...more: readonly string[]) =>
      facts(as(person, 'image-create', ...more))
    const settled = async (person: Person, id: string, wanted: string) => {
      for (let tries = 0; tries < 100; tries++) {
        const image = await facts(as(person, 'image-show', id))
        if (image.status === wanted) return image
        await sleep(100)
      }
      return assert.fail(`${id} does not become ${wanted}`)
    }
    const column = async (run: Promise<Run>, place: number) => (await rows(run)).map((row) => row[place])

    test('as its user starts it: schemas are fetched and an image is made of them', async () => {
      const home = join(world.home, 'glance')
      await mkdir(home)
      const made = await facts(
        realRun(
          home,
          world.environment('eva'),
          'glance',
          'image-create',
          '--name',
          'by hand',
          '--file',
          file,
          ...formats,
        ),
      )
      assert.deepEqual([made.name, made.status, made.size], ['by hand', 'active', `${bytes.length}`])
      await said(as('eva', 'image-delete', made.id!))
    })

    test('an image with everything, and what is changed of it', async () => {
      const id = '5b1f7e2a-0d5c-4c8a-9d0e-3f6c2b7a1e94'
      const made = await create(
        'eva',
        ...['--id', id, '--name', odd, '--file', file, ...formats, '--min-disk', '3', '--min-ram', '512'],
        ...['--tag', 'zwei', 'Kyïv 1', '--property', 'note=a "b" – 😀', '--os-distro', 'debian'],
        ...['--protected', 'True', '--visibility', 'private'],
      )
      assert.deepEqual(
        [made.id, made.name, made.status, made.visibility, made.protected, made.min_disk, made.min_ram],
        [id, odd, 'active', 'private', 'True', '3', '512'],
      )
      assert.deepEqual(JSON.parse(made.tags!).toSorted(), ['Kyïv 1', 'zwei'])
      assert.deepEqual([made.note, made.os_distro, made.os_hash_algo], ['a "b" – 😀', 'debian', 'sha512'])
      assert.deepEqual(await facts(as('eva', 'image-show', id)), made)

      const change = ['--name', 'changed', '--property', 'note=new', '--remove-property', 'os_distro']
      const changed = await facts(as('eva', 'image-update', ...change, '--architecture', 'arm64', id))
      assert.deepEqual(
        [changed.name, changed.note, changed.os_distro, changed.architecture],
        ['changed', 'new', undefined, 'arm64'],
      )
      await said(as('eva', 'image-tag-update', id, 'drei 3'))
      await said(as('eva', 'image-tag-delete', id, 'zwei'))
      const tagged = await facts(as('eva', 'image-show', id))
      assert.deepEqual(JSON.parse(tagged.tags!).toSorted(), ['Kyïv 1', 'drei 3'])
      await refused(as('eva', 'image-delete', id), /not permitted to delete the image/)
      await refused(as('rita', 'image-update', '--name', 'x', id), /403 Forbidden.*modify_image/)
      await refused(as('omar', 'image-show', id), /No image found with ID/)
      await said(as('eva', 'image-update', '--protected', 'False', id))
      await said(as('eva', 'image-delete', id))
      await refused(as('eva', 'image-create', '--id', id), /409 Conflict.*already exists/)
    })

    test('bytes: uploaded later, downloaded with their digests checked, out of use', async () => {
      const { id } = (await create('eva', '--name', 'later', ...formats)) as { id: string }
      await said(as('eva', 'image-upload', '--file', file, id))
      const saved = join(world.home, 'glance.raw')
      await said(as('eva', 'image-download', '--file', saved, id))
      assert.deepEqual(await readFile(saved), bytes)
      await refused(as('eva', 'image-upload', '--file', file, id), /409/)
      await said(as('eva', 'image-deactivate', id))
      await refused(as('eva', 'image-download', '--file', saved, id), /403 Forbidden.*deactivated/)
      await said(as('eva', 'image-reactivate', id))
      await said(as('eva', 'image-delete', id))
      await refused(as('eva', 'image-create', '--file', file, '--disk-format', 'raw'), /container-format/)
    })

    test('lists: pages of the server, filters, its order', async () => {
      const tag = ['--tag', 'glance list']
      const made = []
      for (const name of ['b', 'a', 'c'])
        made.push(await create('eva', '--name', `list ${name}`, ...tag, '--property', `letter=${name}`))
      const list = (...more: readonly string[]) => column(as('eva', 'image-list', ...tag, ...more), 1)
      const cases: readonly [readonly string[], readonly string[]][] = [
        [[], ['list a', 'list b', 'list c']],
        [
          ['--sort', 'name:asc', '--page-size', '1'],
          ['list a', 'list b', 'list c'],
        ],
        [
          ['--sort-key', 'name', '--sort-dir', 'desc'],
          ['list c', 'list b', 'list a'],
        ],
        [
          ['--sort', 'status,name:asc', '--limit', '2', '--page-size', '1'],
          ['list a', 'list b'],
        ],
        [['--property-filter', 'letter=a'], ['list a']],
        [['--visibility', 'private'], []],
        [
          ['--visibility', 'shared', '--member-status', 'all', '--sort', 'name:asc'],
          ['list a', 'list b', 'list c'],
        ],
        [['--hidden', 'True'], []],
        [['--checksum', '0'.repeat(32)], []],
        [['--hash', '0'.repeat(128)], []],
      ]
      for (const [options, expected] of cases)
        assert.deepEqual(await list(...options), expected, options.join(' '))
      await said(as('eva', 'image-delete', ...made.map(({ id }) => id!)))
    })

    test('members', async () => {
      const { id } = (await create('eva', '--name', 'given', '--visibility', 'shared')) as { id: string }
      assert.deepEqual(await rows(as('eva', 'member-create', id, park)), [[id, park, 'pending']])
      await refused(as('eva', 'member-update', id, park, 'accepted'), /403 Forbidden/)
      assert.deepEqual(await rows(as('omar', 'member-update', id, park, 'accepted')), [
        [id, park, 'accepted'],
      ])
      assert.deepEqual(await rows(as('eva', 'member-list', '--image-id', id)), [[id, park, 'accepted']])
      const member = await facts(as('omar', 'member-get', id, park))
      assert.deepEqual([member.member_id, member.status, member.image_id], [park, 'accepted', id])
      assert.ok((await column(as('omar', 'image-list', '--visibility', 'shared'), 0)).includes(id))
      await said(as('eva', 'member-delete', id, park))
      await refused(as('omar', 'image-show', id), /No image found/)
      await said(as('eva', 'image-delete', id))
    })

    test('staged and imported, and imported from the web', async () => {
      const { id } = (await create('eva', '--name', 'staged', ...formats)) as { id: string }
      await said(as('eva', 'image-stage', '--file', file, id))
      assert.equal((await facts(as('eva', 'image-show', id))).status, 'uploading')
      await said(as('eva', 'image-import', '--import-method', 'glance-direct', id))
      assert.equal((await settled('eva', id, 'active')).size, `${bytes.length}`)

      const byFile = await facts(
        as('eva', 'image-create-via-import', '--name', 'via', '--file', file, ...formats),
      )
      await settled('eva', byFile.id!, 'active')
      const byWeb = ['--import-method', 'web-download', '--uri', `${webUrl}/disk.raw`]
      const fetched = await facts(as('eva', 'image-create-via-import', ...byWeb, '--name', 'web', ...formats))
      await settled('eva', fetched.id!, 'active')
      const saved = join(world.home, 'glance.raw')
      await said(as('eva', 'image-download', '--file', saved, fetched.id!))
      assert.deepEqual(await readFile(saved), bytes)

      const failing = (await create('eva', '--name', 'nowhere', ...formats)) as { id: string }
      const nowhere = ['--import-method', 'web-download', '--uri', `${webUrl}/nothing.raw`]
      await said(as('eva', 'image-import', ...nowhere, failing.id))
      for (let tries = 0; ; tries++) {
        const image = await facts(as('eva', 'image-show', failing.id))
        if (image.status === 'queued' && image.os_glance_failed_import) break
        assert.ok(tries < 100, JSON.stringify(image))
        await sleep(100)
      }
      const tasks = await rows(as('root', 'task-list'))
      const [types, statuses] = [1, 2].map((place) => new Set(tasks.map((row) => row[place])))
      assert.deepEqual(
        [[...types!], [...statuses!].toSorted()],
        [['api_image_import'], ['failure', 'success']],
      )
      const failed = tasks.find((row) => row[2] === 'failure')!
      const task = await facts(as('root', 'task-show', failed[0]!))
      assert.deepEqual([task.status, task.type], ['failure', 'api_image_import'])
      await refused(as('eva', 'task-list'), /403 Forbidden/)
      await refused(
        as(
          'eva',
          'image-import',
          '--import-method',
          'web-download',
          '--uri',
          'file:///etc/passwd',
          failing.id,
        ),
        /400 Bad Request.*does not pass filtering/,
      )
      await said(as('eva', 'image-delete', id, byFile.id!, fetched.id!, failing.id))
    })

    test('what the site offers', async () => {
      const methods = await facts(as('eva', 'import-info'))
      assert.match(methods['import-methods']!, /glance-direct.*web-download/)
      assert.doesNotMatch(methods['import-methods']!, /copy-image/)
      await refused(as('eva', 'stores-info'), /Multi Backend support is not enabled/)
      await said(as('eva', 'usage'))
      const types = await column(as('eva', 'md-resource-type-list'), 0)
      assert.ok(types.includes('OS::Glance::Image'))
    })

    test('locations are nobody’s to set', async () => {
      const { id } = (await create('eva', '--name', 'here')) as { id: string }
      await refused(
        as('eva', 'location-add', '--url', 'http://192.0.2.1/x', id),
        /It's not allowed to add locations/,
      )
      for (const command of ['location-delete', 'location-update'])
        await refused(
          as(
            'eva',
            command,
            '--url',
            'http://192.0.2.1/x',
            ...(command === 'location-update' ? ['--metadata', '{}'] : []),
            id,
          ),
          /disabled API access to image locations/,
        )
      await said(as('eva', 'image-delete', id))
    })

    test('metadata definitions', async () => {
      const space = 'OS::Größe'
      const made = await facts(
        as('root', 'md-namespace-create', '--display-name', 'Größe', '--visibility', 'public', space),
      )
      assert.deepEqual([made.namespace, made.display_name, made.visibility], [space, 'Größe', 'public'])
      const schema = JSON.stringify({ type: 'string', enum: ['s', 'm'] })
      await said(
        as('root', 'md-property-create', '--name', 'size', '--title', 'Size', '--schema', schema, space),
      )
      await said(
        as(
          'root',
          'md-object-create',
          '--name',
          'box',
          '--schema',
          JSON.stringify({ properties: {} }),
          space,
        ),
      )
      await said(as('root', 'md-tag-create', '--name', 'big', space))
      await said(
        as('root', 'md-resource-type-associate', '--name', 'OS::Glance::Image', '--prefix', 'hw_', space),
      )
      assert.ok((await column(as('eva', 'md-namespace-list'), 0)).includes(space))
      assert.deepEqual(await column(as('eva', 'md-property-list', space), 0), ['size'])
      assert.deepEqual(await column(as('eva', 'md-object-list', space), 0), ['box'])
      assert.deepEqual(await column(as('eva', 'md-tag-list', space), 0), ['big'])
      const shownSpace = await facts(as('eva', 'md-namespace-show', space))
      assert.match(JSON.stringify(shownSpace), /OS::Glance::Image/)
      await refused(as('eva', 'md-namespace-create', 'mine'), /403 Forbidden/)
      await said(as('root', 'md-namespace-delete', space))
      await refused(as('eva', 'md-namespace-show', space), /404 Not Found/)
    })
  })
}
