import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { WireError, WireImportStarted } from '../../../src/faces/console/wire.ts'
import type {
  WireOffer,
  WireOfferDetail,
  WireOfferList,
  WireRepository,
  WireRepositoryList,
} from '../../../src/faces/console/wire-repositories.ts'
import { type Repository, startRepository } from '../danube/repository.ts'
import { type Api, type Call, refused, startApi } from './api.ts'

describe('console: repositories', () => {
  let api: Api
  let remote: Repository
  let eva: Call
  let otto: Call
  let first: string
  let odd: string
  before(async () => {
    api = await startApi({ importAllow: '127.0.0.1' })
    remote = await startRepository()
    await api.server.project(2, 'acme')
    eva = await api.user({ username: 'eva', roles: { 2: 'member' }, defaultProjectId: 2 })
    otto = await api.user({ username: 'otto', roles: { 2: 'reader' } })
    first = remote.add({ facts: { homepage: 'https://example.org/base' } }).uuid
    odd = remote.add({
      facts: {
        ...{ name: 'odd', version: 7, homepage: 'javascript:alert(1)', description: '<b>x</b>', os: 'bsd' },
        ...{ published_at: 'once', image_size: 2048, state: undefined },
      },
    }).uuid
  })
  after(async () => {
    await remote.close()
    await api.close()
  })

  const offers = async (query = '') =>
    (await eva('GET', `/repositories/shop/images${query}`)).body as WireOfferList
  const uuids = async (query: string) => (await offers(query)).offers.map(({ uuid }) => uuid)

  test('administrators add, anybody who imports reads, and what is wrong is told at its field', async () => {
    refused(await eva('POST', '/repositories', { name: 'shop', url: remote.url }), 403, 'forbidden', 'role')
    const made = await api.admin('POST', '/repositories', { name: 'shop', url: remote.url })
    assert.equal(made.status, 201)
    const unread = { name: 'shop', url: remote.url, refreshedAt: null, imageCount: 0, failure: null }
    assert.deepEqual(made.body, unread)
    for (const [draft, field] of [
      [{ name: 'shop', url: remote.url }, 'name'],
      [{ name: 'No Name', url: remote.url }, 'name'],
      [{ name: 'x', url: 'ftp://example.org' }, 'url'],
      [{ name: 'x', url: 'http://user@example.org' }, 'url'],
      [{ name: 'x', url: 'http://192.168.0.1' }, 'url'],
      [{ name: 'x' }, 'url'],
      [{ name: 'x', url: remote.url, more: 1 }, 'more'],
    ] as const) {
      const { status, body } = await api.admin('POST', '/repositories', draft)
      assert.ok(status === 400 || status === 409)
      assert.deepEqual(Object.keys((body as WireError).error.detail.fields!), [field])
    }
    const { repositories } = (await eva('GET', '/repositories')).body as WireRepositoryList
    assert.deepEqual(
      repositories.map(({ name }) => name),
      ['danube', 'joyent', 'shop'],
    )
    refused(await otto('GET', '/repositories'), 403, 'forbidden', 'permission')

    const read = (await eva('POST', '/repositories/shop/refresh')).body as WireRepository
    assert.deepEqual([read.imageCount, read.failure], [2, null])
    assert.ok(Math.abs(Date.parse(read.refreshedAt!) - Date.now()) < 60_000)
    refused(await eva('POST', '/repositories/none/refresh'), 404, 'not-found')
  })

  test('one that cannot be read says why', async () => {
    await api.admin('POST', '/repositories', { name: 'broken', url: `${remote.url}/nothing` })
    const { status, body } = await eva('POST', '/repositories/broken/refresh')
    assert.deepEqual([status, (body as WireRepository).refreshedAt], [200, null])
    assert.match((body as WireRepository).failure!, /^404 Client Error/)
    refused(await eva('DELETE', '/repositories/broken'), 403, 'forbidden', 'role')
    assert.equal((await api.admin('DELETE', '/repositories/broken')).status, 204)
    refused(await api.admin('DELETE', '/repositories/broken'), 404, 'not-found')
  })

  test('offers are shown with their facts, page by page, in every order, and found', async () => {
    const { offers: all, total } = await offers()
    assert.equal(total, 2)
    const base: WireOffer = {
      uuid: first,
      name: 'base',
      version: '1.2',
      type: 'zvol',
      os: 'linux',
      description: 'A base image',
      homepage: 'https://example.org/base',
      state: 'active',
      publishedAt: '2021-03-01T08:00:00.000Z',
      fileSize: 5,
      diskSize: 10_240 * 2 ** 20,
      compression: 'none',
      present: false,
      visible: false,
    }
    const strange: WireOffer = {
      ...base,
      ...{ uuid: odd, name: 'odd', version: '7', description: '<b>x</b>', homepage: null, os: 'bsd' },
      ...{ publishedAt: null, diskSize: 2 ** 31 },
    }
    assert.deepEqual(all, [base, strange])
    assert.deepEqual(await uuids('?sort=published'), [odd, first])
    assert.deepEqual(await uuids('?sort=-name'), [odd, first])
    assert.deepEqual(await uuids('?limit=1&offset=1'), [odd])
    assert.deepEqual(await uuids('?search=BASE%20i'), [first])
    assert.deepEqual(await uuids('?os=bsd'), [odd])
    assert.deepEqual(await uuids('?type=zone-dataset'), [])
    for (const query of ['?sort=size,name', '?sort=url', '?limit=101', '?offset=-1', '?nothing=1'])
      refused(await eva('GET', `/repositories/shop/images${query}`), 400, 'invalid')
    refused(await eva('GET', '/repositories/none/images'), 404, 'not-found')
    refused(await otto('GET', '/repositories/shop/images'), 403, 'forbidden', 'permission')

    const { manifest, ...facts } = (await eva('GET', `/repositories/shop/images/${odd}`))
      .body as WireOfferDetail
    assert.deepEqual(facts, strange)
    assert.equal((manifest as { homepage: string }).homepage, 'javascript:alert(1)')
    refused(await eva('GET', '/repositories/shop/images/x'), 404, 'not-found')
  })

  test('one of them is imported, under the name and with the rights that are asked for', async () => {
    const path = `/repositories/shop/images/${first}/import`
    refused(await otto('POST', path), 403, 'forbidden', 'permission')
    refused(await eva('POST', path, { visibility: 'public' }), 403, 'forbidden', 'role')
    refused(await eva('POST', path, { project: 'main' }), 404, 'not-found')
    refused(await eva('POST', path, { name: '' }), 400, 'invalid')
    const begun = await eva('POST', path, {
      name: 'Our base',
      project: 'acme',
      visibility: 'shared',
      tags: ['x'],
    })
    assert.equal(begun.status, 202)
    const { image, task } = begun.body as WireImportStarted
    assert.deepEqual(
      [image.uuid, image.name, image.handle, image.visibility, image.project?.name, image.tags],
      [first, 'Our base', 'Our-base', 'shared', 'acme', ['x']],
    )
    assert.deepEqual(image.properties, { description: 'A base image', os_type: 'linux' })
    assert.deepEqual([task.kind, task.state, task.image], ['import-url', 'pending', first])

    assert.deepEqual(
      (await offers()).offers.map(({ present, visible }) => [present, visible]),
      [
        [true, true],
        [false, false],
      ],
    )
    assert.match(refused(await eva('POST', path), 409, 'conflict', 'exists'), /already/)
    const twin = remote.add({ facts: { name: 'twin' } }).uuid
    await eva('POST', '/repositories/shop/refresh')
    const taken = await eva('POST', `/repositories/shop/images/${twin}/import`, { name: 'our BASE' })
    refused(taken, 400, 'invalid')
    assert.deepEqual(Object.keys((taken.body as WireError).error.detail.fields!), ['name'])
  })

  test('a repository that answers with another image is not believed', async () => {
    remote.add({ uuid: odd, text: 'no manifest' })
    refused(await eva('POST', `/repositories/shop/images/${odd}/import`), 400, 'invalid')
    remote.add({
      uuid: odd,
      text: JSON.stringify({
        ...{ v: 2, name: 'x', version: '1', type: 'zvol', os: 'linux' },
        ...{ uuid: '11111111-2222-4333-8444-555555555555', files: [{ sha1: 'a', size: 1 }] },
      }),
    })
    refused(await eva('POST', `/repositories/shop/images/${odd}/import`), 502, 'upstream', 'document')
  })
})
