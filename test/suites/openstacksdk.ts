import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { Clients, Environment } from '../support/openstack-clients.ts'
import type { Person, World } from '../support/openstack-world.ts'

const odd = 'Größe, "Ordnung" & 50% – it’s 日本/…😀'

/** Waits for a status; also what an import says of its end has to be there by then. */
const waiting = `
import time
def wait(image, *statuses):
    for _ in range(200):
        image = conn.image.get_image(image)
        if image.status in statuses:
            return image
        time.sleep(0.05)
    raise AssertionError(f'{image.id} is {image.status}')
`

/** The SDK for Python. Programs are in its words; what they find is compared here. */
export function openstacksdkSuite(given: () => { readonly world: World; readonly clients: Clients }): void {
  describe('openstacksdk', () => {
    let world: World
    let clients: Clients
    let file: string
    const bytes = Buffer.from('bytes of a program, '.repeat(30_000))
    let web: Server
    let webUrl: string
    before(async () => {
      ;({ world, clients } = given())
      file = join(world.home, 'of a program.raw')
      await writeFile(file, bytes)
      web = createServer((_request, response) => void response.end(bytes))
      await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve))
      webUrl = `http://127.0.0.1:${(web.address() as AddressInfo).port}/disk.raw`
    })
    after(() => void web?.close())

    const as = (person: Person, source: string, facts: object = {}) => {
      const env: Environment = world.environment(person)
      return clients.sdk(env, waiting + source, { odd, file, ...facts })
    }

    test('an upload with its checksum compared; the same again is not uploaded again', async () => {
      const { first, again, other } = await as(
        'eva',
        `
def upload(**more):
    return conn.create_image(given['odd'], disk_format='raw', validate_checksum=True, wait=True, tags=['a b', 'ö'],
                             min_disk=2, note='x "y" 😀', **more)
first = conn.image.get_image(upload(filename=given['file']).id)
again = upload(filename=given['file'])
other = conn.image.create_image('from memory', data=b'other', disk_format='raw', validate_checksum=True)
answer = {'first': first, 'again': again.id, 'other': conn.image.get_image(other.id)}
`,
      )
      assert.deepEqual(
        [first.name, first.status, first.size, first.min_disk, first.tags.toSorted(), first.properties.note],
        [odd, 'active', bytes.length, 2, ['a b', 'ö'], 'x "y" 😀'],
      )
      assert.deepEqual([again, other.size, other.status], [first.id, 5, 'active'])
      await as('eva', "[conn.image.delete_image(id) for id in given['ids']]", { ids: [first.id, other.id] })
    })

    test('found by name, changed, tagged, downloaded whole and as a stream, out of use, deleted', async () => {
      const saved = join(world.home, 'streamed.raw')
      const found = await as(
        'eva',
        `
import io, openstack
image = conn.image.create_image(given['odd'], filename=given['file'], disk_format='raw')
found = conn.image.find_image(given['odd'])
assert found.id == image.id and conn.image.find_image(image.id).name == given['odd']
assert conn.image.find_image('nothing of that name') is None
changed = conn.image.update_image(found, name='changed', min_ram=64, is_hidden=True, colour='grün', os_distro='debian')
conn.image.add_tag(changed, 'ä/ö'.replace('/', ' '))
conn.image.add_tag(changed, 'b')
conn.image.remove_tag(changed, 'b')
stream = conn.image.download_image(changed, stream=True)
with open(given['saved'], 'wb') as target:
    for chunk in stream.iter_content(65536):
        target.write(chunk)
whole = conn.image.download_image(changed).content
buffer = io.BytesIO()
conn.image.download_image(changed, output=buffer)
assert whole == buffer.getvalue() == open(given['file'], 'rb').read()
conn.image.deactivate_image(changed)
off = conn.image.get_image(changed).status
conn.image.reactivate_image(changed)
visible = [image.name for image in conn.image.images()]
hidden = [image.name for image in conn.image.images(is_hidden=True)]
answer = {'image': conn.image.get_image(changed), 'off': off, 'visible': visible, 'hidden': hidden}
conn.image.update_image(changed, is_protected=True)
try:
    conn.image.delete_image(changed)
    raise AssertionError('It was protected.')
except openstack.exceptions.HttpException as error:
    answer['refusal'] = str(error)
conn.image.update_image(changed, is_protected=False)
conn.image.delete_image(changed)
assert conn.image.find_image(changed.id) is None
`,
        { saved },
      )
      assert.deepEqual(await readFile(saved), bytes)
      const { image } = found
      assert.deepEqual(
        [image.name, image.min_ram, image.is_hidden, image.properties.colour, image.os_distro, image.tags],
        ['changed', 64, true, 'grün', 'debian', ['ä ö']],
      )
      assert.deepEqual([found.off, found.visible, found.hidden], ['deactivated', [], ['changed']])
      assert.match(found.refusal, /403.*protected and cannot be deleted/)
    })

    test('shared, accepted, listed by the other project, taken back', async () => {
      const { park } = await as('omar', "answer = {'park': conn.current_project_id}")
      const { id, pending } = await as(
        'eva',
        `
image = conn.image.create_image('for the park', filename=given['file'], disk_format='raw')
member = conn.image.add_member(image, member_id=given['park'])
answer = {'id': image.id, 'pending': [member.member_id, member.status]}
`,
        { park },
      )
      assert.deepEqual(pending, [park, 'pending'])
      const theirs = await as(
        'omar',
        `
offered = [image.id for image in conn.image.images(visibility='shared', member_status='pending')]
member = conn.image.update_member(given['park'], given['id'], status='accepted')
shared = [image.id for image in conn.image.images(visibility='shared')]
answer = {'offered': offered, 'status': member.status, 'shared': shared,
          'same': conn.image.download_image(given['id']).content == open(given['file'], 'rb').read()}
`,
        { park, id },
      )
      assert.deepEqual(theirs, { offered: [id], status: 'accepted', shared: [id], same: true })
      const left = await as(
        'eva',
        `
members = [[member.member_id, member.status] for member in conn.image.members(given['id'])]
conn.image.remove_member(given['park'], given['id'], ignore_missing=False)
answer = [members, list(conn.image.members(given['id']))]
conn.image.delete_image(given['id'])
`,
        { park, id },
      )
      assert.deepEqual(left, [[[park, 'accepted']], []])
    })

    test('imports: from the staging area and from the web, and what failed can be read', async () => {
      const { staged, fetched, copied, failed, methods } = await as(
        'eva',
        `
formats = {'disk_format': 'raw', 'container_format': 'bare'}
staged = conn.image.create_image('staged', allow_duplicates=True, **formats)
conn.image.stage_image(staged, filename=given['file'])
uploading = conn.image.get_image(staged).status
conn.image.import_image(staged, method='glance-direct')
fetched = conn.image.create_image('fetched', allow_duplicates=True, **formats)
conn.image.import_image(fetched, method='web-download', uri=given['webUrl'])
# From another image service of the catalogue, which here is the same one. The SDK has no words for that.
wait(staged, 'active')
copied = conn.image.create_image('copied', allow_duplicates=True, **formats)
method = {'name': 'glance-download', 'glance_region': given['region'], 'glance_image_id': staged.id}
assert conn.image.post(f'/images/{copied.id}/import', json={'method': method}).status_code == 202
failed = conn.image.create_image('liar', allow_duplicates=True, disk_format='qcow2', container_format='bare')
conn.image.import_image(failed, method='web-download', uri=given['webUrl'])
answer = {'staged': [uploading, wait(staged, 'active').size], 'fetched': wait(fetched, 'active').size,
          'copied': wait(copied, 'active').size}
for _ in range(200):
    image = conn.image.get_image(failed)
    if image.status == 'queued' and image.properties.get('os_glance_failed_import'):
        break
    time.sleep(0.05)
answer['failed'] = [image.status, image.size]
answer['methods'] = conn.image.get('/info/import').json()['import-methods']['value']
for image in (staged, fetched, copied, failed):
    conn.image.delete_image(image)
`,
        { webUrl, region: world.region },
      )
      assert.deepEqual([staged, fetched, copied], [['uploading', bytes.length], bytes.length, bytes.length])
      assert.deepEqual(failed, ['queued', null])
      assert.deepEqual(methods, ['glance-direct', 'web-download', 'glance-download'])
    })

    test('lists page by page, in the order of the server', async () => {
      const names = await as(
        'eva',
        `
made = [conn.image.create_image(f'page {n}', allow_duplicates=True, tags=['pages']) for n in (2, 0, 4, 1, 3)]
names = lambda **query: [image.name for image in conn.image.images(tag='pages', **query)]
answer = {
    'ascending': names(sort='name:asc', limit=2),
    'newest': names(limit=1),
    'filtered': names(name='page 4', status='queued'),
    'oldest': names(sort_key='created_at', sort_dir='asc', limit=3),
}
for image in made:
    conn.image.delete_image(image)
`,
      )
      assert.deepEqual(names, {
        ascending: [0, 1, 2, 3, 4].map((n) => `page ${n}`),
        newest: [3, 1, 4, 0, 2].map((n) => `page ${n}`),
        filtered: ['page 4'],
        oldest: [2, 0, 4, 1, 3].map((n) => `page ${n}`),
      })
    })

    test('schemas, tasks, and what there is only one of', async () => {
      const { schema, tasks, refusal } = await as(
        'root',
        `
import openstack
answer = {'schema': conn.image.get_image_schema().properties['name'], 'tasks': len(list(conn.image.tasks()))}
try:
    list(conn.image.stores())
except openstack.exceptions.HttpException as error:
    answer['refusal'] = str(error)
`,
      )
      assert.deepEqual(schema.type, ['null', 'string'])
      assert.ok(tasks >= 3)
      assert.match(refusal, /Multi backend is not supported/)
    })

    test('another project and a reader are told what they may not', async () => {
      const refusals = await as(
        'rita',
        `
import openstack
answer = []
for call in (lambda: conn.image.create_image('x', disk_format='raw'), lambda: conn.image.get_image('0' * 8)):
    try:
        call()
    except openstack.exceptions.HttpException as error:
        answer.append([error.status_code, str(error)])
`,
      )
      assert.deepEqual(
        refusals.map(([status]: [number]) => status),
        [403, 404],
      )
      assert.match(refusals[0][1], /add_image/)
    })
  })
}
