import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  type Clients,
  openstackClients,
  refused,
  rows,
  said,
  shown,
  startClients,
} from '../../support/openstack-clients.ts'
import { embeddedWorld, type Person, type World } from '../../support/openstack-world.ts'

const skip = (await openstackClients()) ? false : 'the packages cannot be installed here'

/** Two stores, which clients name, choose, copy between and delete from (glance.md sections 13 and 14). */
describe('OpenStack’s clients, with two stores', { skip }, () => {
  let world: World
  let clients: Clients
  let file: string
  const bytes = Buffer.from('bytes in stores, '.repeat(30_000))
  before(async () => {
    world = await embeddedWorld((directory) => ({
      IMAGEPORT_STORE_URL: `fast=file:${join(directory, 'fast')},slow=file:${join(directory, 'slow')}`,
    }))
    clients = await startClients(world.home)
    file = join(world.home, 'stored.raw')
    await writeFile(file, bytes)
  })
  after(async () => {
    await clients?.close()
    await world?.close()
  })

  const glance = (person: Person, command: string, ...more: readonly string[]) =>
    clients.glance(world.environment(person), ...command.split(' '), ...more)
  const facts = async (run: ReturnType<typeof glance>): Promise<Record<string, string>> =>
    Object.fromEntries((await rows(run)).map(([name, value]) => [name!, value!]))
  const described = ['--disk-format', 'raw', '--container-format', 'bare', '--file']
  const inStores = async (id: string, wanted: string) => {
    for (let tries = 0; ; tries++) {
      const image = await facts(glance('eva', 'image-show', id))
      const isDone = image.status === 'active' && image.os_glance_importing_to_stores === ''
      if (isDone && image.stores === wanted) return image
      assert.ok(tries < 100, JSON.stringify(image))
      await sleep(100)
    }
  }
  async function demandBytes(id: string): Promise<void> {
    const saved = join(world.home, 'saved.raw')
    await said(glance('eva', 'image-download', '--file', saved, id))
    assert.deepEqual(await readFile(saved), bytes)
  }

  test('are listed', async () => {
    const stores = JSON.parse((await facts(glance('eva', 'stores-info'))).stores!)
    assert.deepEqual(
      stores.map((store: { id: string; default?: string }) => [store.id, store.default]),
      [
        ['fast', 'true'],
        ['slow', undefined],
      ],
    )
    const methods = (await facts(glance('eva', 'import-info')))['import-methods']!
    assert.match(methods, /copy-image/)
    const detailed = (await facts(glance('root', 'stores-info', '--detail'))).stores!
    assert.ok(!detailed.includes(world.home.slice(0, world.home.lastIndexOf('/'))), detailed)
  })

  test('an upload goes where it is sent; copied, and deleted from where it was', async () => {
    const uploaded = await facts(
      glance('eva', 'image-create', '--store', 'slow', '--name', 'here', ...described, file),
    )
    const id = uploaded.id!
    assert.deepEqual([uploaded.status, uploaded.stores], ['active', 'slow'])
    const copy = ['--import-method', 'copy-image', '--stores', 'fast']
    await refused(glance('eva', 'image-import', ...copy, id), /403/)
    await said(glance('root', 'image-import', ...copy, id))
    await inStores(id, 'fast,slow')
    const image = await shown(clients.openstack(world.environment('eva'), 'image', 'show', '-f', 'json', id))
    assert.equal(image.properties.stores, 'fast,slow')
    await refused(
      glance('eva', 'stores-delete', '--store', 'slow', id),
      /403 Forbidden: You are not authorized/,
    )
    await said(glance('root', 'stores-delete', '--store', 'slow', id))
    assert.equal((await facts(glance('eva', 'image-show', id))).stores, 'fast')
    await demandBytes(id)
    await refused(
      glance('root', 'stores-delete', '--store', 'fast', id),
      /403 Forbidden: Cannot delete image data/,
    )
    const tasks = await rows(glance('eva', 'image-tasks', id))
    assert.equal(tasks.length, 1)
    await said(glance('eva', 'image-delete', id))
  })

  test('imports go to one, several or all', async () => {
    const cases: readonly [options: readonly string[], stores: string][] = [
      [['--store', 'slow'], 'slow'],
      [['--stores', 'slow,fast'], 'fast,slow'],
      [['--all-stores', 'True', '--allow-failure', 'False'], 'fast,slow'],
    ]
    for (const [options, stores] of cases) {
      const made = await facts(
        glance('eva', 'image-create-via-import', ...options, '--name', 'in', ...described, file),
      )
      await inStores(made.id!, stores)
      await demandBytes(made.id!)
      await said(glance('eva', 'image-delete', made.id!))
    }
    await refused(
      glance('eva', 'image-create', '--store', 'nowhere', '--name', 'x', ...described, file),
      /Store 'nowhere' is not valid/,
    )
  })

  test('the SDK lists them, imports into them and copies between them', async () => {
    const source = `
import time
def wait(image, stores):
    for _ in range(200):
        image = conn.image.get_image(image)
        if image.status == 'active' and image.properties.get('stores') == stores:
            return
        time.sleep(0.05)
    raise AssertionError(f'{image.id} is {image.status} in {image.properties}')

answer = [[store.id, store.is_default] for store in conn.image.stores()]
image = conn.image.create_image('by a program', disk_format='raw', container_format='bare', allow_duplicates=True)
conn.image.stage_image(image, filename=given)
conn.image.import_image(image, stores=['slow'])
wait(image, 'slow')
conn.image.import_image(image, method='copy-image', all_stores=True)
wait(image, 'fast,slow')
assert conn.image.download_image(image).content == open(given, 'rb').read()
conn.image.delete_image(image)
`
    assert.deepEqual(await clients.sdk(world.environment('root'), source, file), [
      ['fast', true],
      ['slow', null],
    ])
  })
})
