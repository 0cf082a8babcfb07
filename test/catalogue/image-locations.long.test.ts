import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { after, before, beforeEach, describe, test } from 'node:test'
import { remoteOf } from '../../src/assembly/remote.ts'
import { type Actor, systemActor } from '../../src/catalogue/actor.ts'
import { type FailureCode, isFailure } from '../../src/catalogue/failure.ts'
import type { Image } from '../../src/catalogue/images/image.ts'
import type { LocationChange } from '../../src/catalogue/images/locations/plan.ts'
import { parseAllowList } from '../../src/outbound/allow-list.ts'
import { type Outbound, outbound } from '../../src/outbound/outbound.ts'
import { filesStore } from '../../src/store/files.ts'
import { type TestCore, testCore } from '../support/core.ts'
import { forEachDatabase } from '../support/databases.ts'
import { type FileServer, fileServer } from '../support/file-server.ts'

const raw = { diskFormat: 'raw', containerFormat: 'bare' } as const
const content = randomBytes(200_000)
const md5 = createHash('md5').update(content).digest('hex')
const sha512 = createHash('sha512').update(content).digest('hex')
const promised = { algorithm: 'sha512', value: sha512 }

const at = (url: string, more: object = {}): LocationChange => ({
  verb: 'add',
  location: { url, metadata: {}, ...more },
})

const fails = (code: FailureCode, reason?: string) => (error: unknown) =>
  isFailure(error, code) && (reason === undefined || error.detail.reason === reason)

async function all(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of source) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks)
}

/** glance.md section 16. */
forEachDatabase((engine, _open, freshUrl) => {
  let t: TestCore
  let server: FileServer
  let out: Outbound
  let acme: Actor
  let other: Actor
  let url: string
  before(async () => {
    server = await fileServer()
    out = outbound(
      { allow: parseAllowList(server.url.replace('http://', '')) },
      { lookup: () => Promise.reject(new Error('there is no such name')) },
    )
    t = await testCore({ url: await freshUrl(), remote: remoteOf(out), settings: { maxUploads: 2 } })
    await t.apply({
      projects: [
        { id: 70, name: 'acme' },
        { id: 80, name: 'other', quotaBytes: content.length },
      ],
    })
    acme = await t.actor({ acme: 'member' })
    other = await t.actor({ other: 'member' })
    url = `${server.url}/disk`
  })
  after(async () => {
    await t.close()
    await out.close()
    await server.close()
  })
  beforeEach(() => {
    server.files.clear()
    server.requests.length = 0
    for (const name of ['/disk', '/copy']) server.files.set(name, content)
  })

  const create = (draft = {}, actor = acme) =>
    t.catalogue.images.create(actor, { name: 'an image', ...raw, ...draft })
  const change = (image: Image, ...changes: LocationChange[]) =>
    t.catalogue.imageLocations.change(acme, image.uuid, changes)
  const located = async (...more: LocationChange[]) => change(await create(), at(url), ...more)
  const again = (image: Image) => t.catalogue.images.view(systemActor, image.uuid)
  const seenBy = async (actor: Actor, image: Image) =>
    (await t.catalogue.imageLocations.of(actor, [image])).get(image.uuid)!
  const urls = async (image: Image) => (await seenBy(systemActor, image)).map((location) => location.url)
  const read = async (image: Image, range?: { start: number; end: number }) =>
    all((await t.catalogue.bytes.serve(acme, image)).read(range))

  describe('the first location', () => {
    test('makes a queued image active with the size that the server tells, and nothing else', async () => {
      const image = await create()
      assert.deepEqual(await seenBy(acme, image), [])
      const active = await change(image, at(url, { metadata: { foo: '1', deep: { a: [null] } } }))
      assert.deepEqual(
        [active.status, active.size, active.virtualSize, active.blobId],
        ['active', content.length, null, null],
      )
      assert.deepEqual(active.digests, { md5: null, sha1: null, sha256: null, sha512: null })
      assert.notEqual(active.publishedAt, null)
      assert.deepEqual(await seenBy(acme, active), [
        { url, metadata: { foo: '1', deep: { a: [null] } }, own: false },
      ])
      assert.deepEqual(server.requests, ['GET /disk bytes=0-2097151'])
    })

    test('serves its bytes, whole and in parts', async () => {
      const image = await located()
      assert.ok((await read(image)).equals(content))
      assert.ok(
        (await read(image, { start: 100_000, end: 100_009 })).equals(content.subarray(100_000, 100_010)),
      )
      assert.equal((await t.catalogue.bytes.serve(acme, image)).size, content.length)
    })

    test('may say what the bytes are', async () => {
      const image = await change(
        await create(),
        at(url, { promised: { ...promised, value: sha512.toUpperCase(), md5 } }),
      )
      assert.deepEqual(image.digests, { md5, sha1: null, sha256: null, sha512 })
      assert.ok((await read(image)).equals(content))
    })

    for (const [what, wrong] of Object.entries({
      'another algorithm': { algorithm: 'sha256', value: 'a'.repeat(64) },
      'a short digest': { algorithm: 'sha512', value: 'a'.repeat(127) },
      'no hex digits': { algorithm: 'sha512', value: 'x'.repeat(128) },
      'a bad checksum': { ...promised, md5: 'x'.repeat(32) },
    }))
      test(`may not say it with ${what}`, async () => {
        const image = await create()
        await assert.rejects(change(image, at(url, { promised: wrong })), fails('conflict', 'digests'))
        assert.equal((await again(image)).status, 'queued')
        assert.deepEqual(server.requests, [])
      })

    test('needs the formats', async () => {
      for (const draft of [{ diskFormat: null }, { containerFormat: null }])
        await assert.rejects(change(await create(draft), at(url)), fails('invalid', 'formats'))
    })

    test('of an image that was withdrawn before leaves it deactivated', async () => {
      const image = await change(await create({ withdrawn: true }), at(url))
      assert.equal(image.status, 'deactivated')
    })

    test('counts against the quota', async () => {
      const mine = await create({}, other)
      const first = await t.catalogue.imageLocations.change(other, mine.uuid, [at(url)])
      assert.equal(first.status, 'active')
      const second = await create({}, other)
      await assert.rejects(
        t.catalogue.imageLocations.change(other, second.uuid, [at(url)]),
        fails('quota', 'bytes'),
      )
      assert.equal((await again(second)).status, 'queued')
    })

    if (engine === 'sqlite')
      test('must not be larger than an image may be', async () => {
        const small = await testCore({
          remote: remoteOf(out),
          settings: { maxImageBytes: content.length - 1 },
        })
        try {
          const image = await small.catalogue.images.create(systemActor, raw)
          await assert.rejects(
            small.catalogue.imageLocations.change(systemActor, image.uuid, [at(url)]),
            fails('too-large', 'image-size'),
          )
        } finally {
          await small.close()
        }
      })

    test('is none while a task works on the image', async () => {
      const image = await create()
      await t.catalogue.imageLocations.fetch(acme, image.uuid, { url }, false)
      await assert.rejects(change(image, at(url)), fails('state', 'pending'))
      await assert.rejects(
        t.catalogue.imageLocations.fetch(acme, image.uuid, { url }, false),
        fails('state', 'pending'),
      )
    })

    test('leaves a trace, without what gives access to the bytes', async () => {
      const image = await change(await create(), at(`${url}?token=secret#part`))
      const entries = await t.catalogue.audit.history('image', image.uuid, { limit: 9 })
      assert.deepEqual(
        entries.map(({ action }) => action),
        ['locations', 'bytes-located', 'create'],
      )
      assert.deepEqual(entries[0]!.after, { locations: [{ url, metadata: {} }] })
      assert.ok(!JSON.stringify(entries).includes('secret'))
      assert.deepEqual(await urls(image), [`${url}?token=secret#part`])
    })
  })

  describe('what is no location', () => {
    const refused: Record<string, () => string> = {
      'a file': () => 'file:///etc/passwd',
      'a store of Glance': () => 'swift+config://ref/container/object',
      'a store of our own': () => 'imageport:///00000000-0000-4000-8000-000000000000',
      'no URL': () => 'disk',
      'nothing at all': () => '',
      'a URL with a password': () => server.url.replace('://', '://user:password@'),
      'another private address': () => 'http://127.0.0.2/disk',
      'a cloud metadata service': () => 'http://169.254.169.254/latest/meta-data/',
      'an address that is spelt in another way': () => `${server.url.replace('127.0.0.1', '127.1')}/disk`,
      'a name that does not exist': () => 'http://imageport.invalid/disk',
      'an absent file': () => `${server.url}/absent`,
      'a file without a size': () => `${server.url}/chunked`,
      'a compressed answer': () => `${server.url}/gzip`,
      'a redirect to a private address': () => `${server.url}/redirect`,
      'an empty file': () => `${server.url}/empty`,
      'too long': () => `${url}?${'x'.repeat(255)}`,
      'a line break': () => `${url}\n`,
    }
    beforeEach(() => {
      server.files.set('/chunked', (_request, response) => {
        response.write(content)
        response.end()
      })
      server.files.set(
        '/gzip',
        (_request, response) =>
          void response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': 3 }).end('abc'),
      )
      server.files.set(
        '/redirect',
        (_request, response) =>
          void response.writeHead(302, { location: 'http://169.254.169.254/latest/meta-data/' }).end(),
      )
      server.files.set('/empty', Buffer.alloc(0))
    })
    for (const [what, place] of Object.entries(refused))
      test(what, async () => {
        const image = await create()
        const wanted = (error: unknown) =>
          isFailure(error, 'invalid') && error.message === 'Invalid location' && !error.detail.fields
        await assert.rejects(change(image, at(place())), wanted)
        assert.equal((await again(image)).status, 'queued')
        assert.deepEqual(
          await t.core.database.db
            .selectFrom('image_locations')
            .selectAll()
            .where('image_seq', '=', image.seq)
            .execute(),
          [],
        )
      })

    test('hostile bytes are refused by their beginning, however long they are', async () => {
      const hostile = Buffer.alloc(3_000_000)
      hostile.write('QFI\xfb', 'latin1')
      hostile.writeUInt32BE(3, 4)
      hostile.writeBigUInt64BE(1024n, 8) // a backing file
      hostile.writeUInt32BE(16, 20)
      hostile.writeUInt32BE(104, 100)
      server.files.set('/hostile', hostile)
      for (const draft of [{}, { diskFormat: 'qcow2' }]) {
        const image = await create(draft)
        await assert.rejects(change(image, at(`${server.url}/hostile`)), fails('content', 'backing-file'))
        assert.equal((await again(image)).status, 'queued')
      }
    })

    test('metadata that take too much', async () => {
      const metadata = { a: 'x'.repeat(65_535) }
      await assert.rejects(change(await create(), at(url, { metadata })), fails('invalid', 'location'))
    })
  })

  describe('further locations', () => {
    test('are added in their order, behind the others or where they are wanted', async () => {
      const image = await located()
      await change(image, at(`${url}#2`))
      await change(image, { ...at(`${url}#1`), place: 1 } as LocationChange)
      await change(image, { ...at(`${url}#0`), place: 0 } as LocationChange)
      assert.deepEqual(await urls(image), [`${url}#0`, url, `${url}#1`, `${url}#2`])
      const beyond = { ...at(`${url}#9`), place: 5 } as LocationChange
      await assert.rejects(change(image, beyond), fails('invalid', 'location'))
    })

    test('move the date of change', async () => {
      const image = await located()
      assert.ok((await change(image, at(`${url}#2`))).updatedAt > image.updatedAt)
    })

    test('are ten at most, and no two alike', async () => {
      const image = await located()
      await assert.rejects(change(image, at(url)), fails('invalid', 'location'))
      await assert.rejects(change(image, at(`${url}#a`), at(`${url}#a`)), fails('invalid', 'location'))
      await change(image, ...Array.from({ length: 9 }, (_, i) => at(`${url}#${i}`)))
      server.requests.length = 0
      await assert.rejects(change(image, at(`${url}#10`)), fails('quota', 'locations'))
      assert.deepEqual(server.requests, [])
      assert.equal((await urls(image)).length, 10)
    })

    test('have as many bytes as the image', async () => {
      server.files.set('/short', content.subarray(1))
      const image = await located()
      await assert.rejects(change(image, at(`${server.url}/short`)), fails('invalid', 'location'))
      const fresh = await create()
      await assert.rejects(change(fresh, at(url), at(`${server.url}/short`)), fails('invalid', 'location'))
      assert.equal((await again(fresh)).status, 'queued')
    })

    test('may only promise what is known of the image', async () => {
      const known = await change(await create(), at(url, { promised: { ...promised, md5 } }))
      await change(known, at(`${url}#same`, { promised }))
      await change(known, at(`${url}#silent`))
      for (const wrong of [
        { ...promised, value: 'a'.repeat(128) },
        { ...promised, md5: 'a'.repeat(32) },
      ])
        await assert.rejects(
          change(known, at(`${url}#wrong`, { promised: wrong })),
          fails('conflict', 'digests'),
        )
      const unknown = await located()
      await assert.rejects(change(unknown, at(`${url}#new`, { promised })), fails('conflict', 'digests'))
      assert.equal((await again(unknown)).digests.sha512, null)
    })

    test('are refused in every other status', async () => {
      const image = await located()
      await t.catalogue.images.deactivate(acme, image.uuid)
      for (const one of [
        at(`${url}#2`),
        { verb: 'replace', locations: [{ url, metadata: {} }] },
        { verb: 'remove', place: 0 },
      ] as const)
        await assert.rejects(change(image, one), fails('state', 'location'))
      await assert.rejects(change(await create(), { verb: 'remove', place: 0 }), fails('state', 'location'))
    })
  })

  describe('replacing', () => {
    test('changes metadata and order, and nothing else', async () => {
      const image = await located(at(`${url}#2`))
      await change(image, {
        verb: 'replace',
        locations: [
          { url: `${url}#2`, metadata: { speed: '88mph' } },
          { url, metadata: {} },
        ],
      })
      assert.deepEqual(
        (await seenBy(acme, image)).map(({ url, metadata }) => [url, metadata]),
        [
          [`${url}#2`, { speed: '88mph' }],
          [url, {}],
        ],
      )
      for (const places of [
        [url],
        [url, `${url}#3`],
        [url, `${url}#2`, `${url}#3`],
        [url, url, `${url}#2`],
      ]) {
        const locations = places.map((url) => ({ url, metadata: {} }))
        await assert.rejects(change(image, { verb: 'replace', locations }), fails('invalid', 'location'))
      }
      await assert.rejects(change(image, { verb: 'replace', locations: [] }), fails('forbidden', 'location'))
    })

    test('gives a queued image its first locations', async () => {
      const locations = [
        { url, metadata: {}, promised },
        { url: `${url}#2`, metadata: { a: 1 }, promised },
      ]
      const image = await change(await create(), { verb: 'replace', locations })
      assert.deepEqual([image.status, image.digests.sha512], ['active', sha512])
      assert.deepEqual(await urls(image), [url, `${url}#2`])
      const none = { verb: 'replace', locations: [] } as const
      await assert.rejects(change(await create(), none), fails('forbidden', 'location'))
    })
  })

  describe('removing', () => {
    test('goes by the place; the last one stays', async () => {
      const image = await located(at(`${url}#2`), at(`${url}#3`))
      await assert.rejects(change(image, { verb: 'remove', place: 3 }), fails('invalid', 'location'))
      // As glanceclient does it: several in one request, from the end.
      await change(image, { verb: 'remove', place: 2 }, { verb: 'remove', place: 0 })
      assert.deepEqual(await urls(image), [`${url}#2`])
      await assert.rejects(change(image, { verb: 'remove', place: 0 }), fails('forbidden', 'location'))
      assert.ok((await read(image)).equals(content))
    })

    test('one for another in the same request cannot take the bytes away', async () => {
      const image = await change(await create(), at(url, { promised }))
      server.files.set('/swapped', randomBytes(content.length))
      await change(image, at(`${server.url}/swapped`), { verb: 'remove', place: 0 })
      await assert.rejects(read(image), fails('data-lost', 'location'))
    })

    test('an image forgets its locations when it is deleted', async () => {
      const image = await located()
      await t.catalogue.images.remove(acme, image.uuid)
      const rows = t.core.database.db.selectFrom('image_locations').select('url')
      assert.deepEqual(await rows.where('image_seq', '=', image.seq).execute(), [])
    })
  })

  describe('with other changes', () => {
    const renamed = (image: Image, ...changes: LocationChange[]) =>
      t.catalogue.imageLocations.change(acme, image.uuid, changes, () => ({ name: 'new', diskFormat: 'raw' }))

    test('all of it happens, the format first', async () => {
      const image = await renamed(await create({ diskFormat: null }), at(url))
      assert.deepEqual([image.status, image.name, image.diskFormat], ['active', 'new', 'raw'])
    })

    test('or nothing', async () => {
      const image = await create()
      await assert.rejects(renamed(image, at(`${server.url}/absent`)), fails('invalid', 'location'))
      server.files.set('/short', content.subarray(1))
      await assert.rejects(renamed(image, at(url), at(`${server.url}/short`)), fails('invalid', 'location'))
      const untouched = await again(image)
      assert.deepEqual([untouched.name, untouched.status], ['an image', 'queued'])
    })
  })

  describe('who may', () => {
    test('only those who may change the image, and nobody is asked for others', async () => {
      const shared = await create({ visibility: 'community' })
      const reader = await t.actor({ acme: 'reader' })
      for (const [who, image, code] of [
        [other, await create(), 'not-found'],
        [other, shared, 'forbidden'],
        [reader, shared, 'forbidden'],
      ] as const) {
        await assert.rejects(t.catalogue.imageLocations.change(who, image.uuid, [at(url)]), fails(code))
        await assert.rejects(t.catalogue.imageLocations.fetch(who, image.uuid, { url }, false), fails(code))
      }
      assert.deepEqual(server.requests, [])
      // A service gives locations to whatever it sees.
      await assert.rejects(
        t.catalogue.imageLocations.fetch(other, (await create()).uuid, { url }, true),
        fails('not-found'),
      )
      await t.catalogue.imageLocations.fetch(other, shared.uuid, { url }, true)
    })

    test('of a deactivated image only administrators learn them', async () => {
      const image = await located()
      const off = await t.catalogue.images.deactivate(acme, image.uuid)
      assert.deepEqual(await seenBy(acme, off), [])
      assert.equal((await seenBy(systemActor, off)).length, 1)
    })
  })

  describe('reading', () => {
    test('goes on to the next location, as long as nothing has been sent', async () => {
      const image = await change(
        await create(),
        at(url, { promised }),
        at(`${server.url}/copy`),
        at(`${server.url}/copy#3`),
      )
      server.files.set('/disk', randomBytes(content.length).subarray(0, 60_000))
      assert.ok((await read(image)).equals(content))
      server.files.delete('/disk')
      assert.ok((await read(image, { start: 7, end: 8 })).equals(content.subarray(7, 9)))
    })

    for (const [what, answer] of Object.entries({
      'is gone': undefined,
      'has another size': content.subarray(1),
      'has other bytes': randomBytes(content.length),
    }))
      test(`fails when the file ${what}, and never completely`, async () => {
        const image = await change(await create(), at(url, { promised }))
        if (answer) server.files.set('/disk', answer)
        else server.files.delete('/disk')
        const got: Uint8Array[] = []
        await assert.rejects(
          async () => {
            for await (const chunk of (await t.catalogue.bytes.serve(acme, image)).read()) got.push(chunk)
          },
          (error) =>
            fails('data-lost', 'location')(error) &&
            (error as Error).message === 'The server that keeps the bytes of this image does not give them.',
        )
        assert.ok(Buffer.concat(got).length < content.length)
      })

    test('is bounded: whatever leads back to itself ends', async () => {
      const image = await located()
      const served = await t.catalogue.bytes.serve(acme, image)
      const [one, two] = [served.read()[Symbol.asyncIterator](), served.read()[Symbol.asyncIterator]()]
      await one.next()
      await two.next()
      await assert.rejects(all(served.read()), fails('busy', 'transfers'))
      await one.return!()
      await two.return!()
      assert.ok((await read(image)).equals(content))
    })
  })

  describe('bytes that only another server has', () => {
    test('are copied, moved and adopted by nobody', async () => {
      const image = await located()
      for (const deleteSource of [false, true]) {
        const target = { name: 'copy', region: 'RegionOne', deleteSource }
        await assert.rejects(t.catalogue.imports.copy(acme, image.uuid, target), fails('state', 'elsewhere'))
      }
      const draft = { ...raw, ownerId: 70, uuid: '11111111-2222-4333-8444-555555555555' }
      const waiting = await t.catalogue.images.create(systemActor, draft)
      const payload = { url, fallback: 'deleted', sourceUuid: image.uuid } as const
      await assert.rejects(
        t.catalogue.imports.adopt(systemActor, waiting.uuid, payload),
        fails('state', 'elsewhere'),
      )
      await t.catalogue.images.change(acme, image.uuid, () => ({ visibility: 'shared' }))
      await t.catalogue.members.add(acme, image.uuid, 80)
      await assert.rejects(t.catalogue.publications.clone(other, image.uuid, 80), fails('state', 'elsewhere'))
    })

    test('do not disturb what looks at stored bytes', async () => {
      const image = await located()
      await t.catalogue.revisions.finishPublication(image.uuid)
      const { problems } = await t.catalogue.verification.run({}, AbortSignal.timeout(5000), () => {})
      assert.deepEqual(problems, [])
    })
  })

  describe('the stores', () => {
    const upload = async (core: TestCore, actor: Actor, store?: string) => {
      const image = await core.catalogue.images.create(actor, raw)
      const source = (async function* () {
        yield content
      })()
      return core.catalogue.bytes.receive(actor, image.uuid, source, {
        fallback: 'queued',
        ...(store ? { store } : {}),
      })
    }

    test('are locations that nobody can add, change or remove, and that are read first', async () => {
      const image = await upload(t, acme)
      const own = `imageport:///${image.uuid}`
      assert.deepEqual(await seenBy(acme, image), [{ url: own, metadata: {}, own: true }])
      await assert.rejects(change(image, { verb: 'remove', place: 0 }), fails('forbidden', 'location'))
      await assert.rejects(change(image, at(own)), fails('invalid', 'location'))
      await change(image, { ...at(url), place: 0 } as LocationChange)
      assert.deepEqual(await urls(image), [own, url])
      await assert.rejects(change(image, { verb: 'remove', place: 0 }), fails('forbidden', 'location'))
      const locations = [
        { url, metadata: { a: 'b' } },
        { url: own, metadata: {} },
      ]
      await change(image, { verb: 'replace', locations })
      assert.deepEqual((await seenBy(acme, image))[1]!.metadata, { a: 'b' })
      const altered = [locations[0]!, { url: own, metadata: { a: 'b' } }]
      await assert.rejects(
        change(image, { verb: 'replace', locations: altered }),
        fails('invalid', 'location'),
      )
      server.files.clear()
      assert.ok((await read(image)).equals(content))
      await change(image, { verb: 'remove', place: 1 })
      assert.deepEqual(await urls(image), [own])
    })

    if (engine === 'sqlite')
      test('are named where there are several', async () => {
        const several = await testCore({
          stores: (directory) =>
            ['fast', 'bulk'].map((name) => filesStore({ name, directory: join(directory, name) })),
        })
        try {
          await several.apply({ projects: [{ id: 70, name: 'acme' }] })
          const [fast, bulk] = [await upload(several, acme), await upload(several, acme, 'bulk')]
          const found = await several.catalogue.imageLocations.of(acme, [fast, bulk])
          // The same bytes are one blob.
          for (const { uuid } of [fast, bulk])
            assert.deepEqual(found.get(uuid), [
              { url: `imageport://fast/${uuid}`, metadata: { store: 'fast' }, own: true },
              { url: `imageport://bulk/${uuid}`, metadata: { store: 'bulk' }, own: true },
            ])
        } finally {
          await several.close()
        }
      })
  })
})
