import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { systemActor } from '../src/catalogue/actor.ts'
import { findImage } from '../src/catalogue/images/find.ts'
import type { Status } from '../src/catalogue/images/image.ts'
import { saveImage } from '../src/catalogue/images/save.ts'
import { engineNames, engines } from './support/databases.ts'
import { bytesWith, u32be, u64be } from './support/disk-images.ts'
import { type EveryFace, startEveryFace } from './support/every-face.ts'

/** The tables of one-catalogue.md section 3, each row in the words of every face. */
for (const engine of engines)
  describe(`what one image is called, on ${engineNames[engine]}`, () => {
    let world: EveryFace
    before(async () => {
      world = await startEveryFace(engine)
    })
    after(() => world?.close())

    /** An image of acme; with bytes it is active. */
    async function made(facts: object, bytes?: Uint8Array) {
      const { catalogue } = world.server
      const formats = { diskFormat: 'raw', containerFormat: 'bare' }
      const image = await catalogue.images.create(systemActor, { ownerId: 2, ...formats, ...facts })
      if (bytes === undefined) return image
      const source = (async function* () {
        yield bytes
      })()
      return catalogue.bytes.receive(systemActor, image.uuid, source, { fallback: 'killed' })
    }
    /** By a move that the catalogue knows, with everything that follows from it. */
    async function become(uuid: string, status: Status): Promise<void> {
      const { core } = world.server
      await core.database.transaction(async (trx) => {
        await saveImage(trx, core, systemActor, (await findImage(trx, uuid))!, { status }, 'update')
      })
    }

    type Row = {
      readonly moves?: readonly Status[]
      readonly bytes?: true
      readonly external?: true
      readonly glance: string | null
      readonly cloud: string
      /** Status and access. */
      readonly danube: readonly [number, number] | null
      /** To the account that it belongs to. */
      readonly imgapi: string | null
      readonly listed: boolean
      readonly registered: boolean
      readonly offered: boolean
    }
    const nowhere = { listed: false, registered: false, offered: false }
    const rows: Readonly<Record<string, Row>> = {
      queued: { glance: 'queued', cloud: 'queued', danube: [2, 3], imgapi: 'unactivated', ...nowhere },
      'queued, its bytes elsewhere': {
        external: true,
        glance: 'queued',
        cloud: 'queued',
        danube: [1, 3],
        imgapi: 'unactivated',
        ...nowhere,
      },
      uploading: {
        moves: ['uploading'],
        glance: 'uploading',
        cloud: 'saving',
        danube: [2, 3],
        imgapi: 'creating',
        ...nowhere,
      },
      importing: {
        moves: ['importing'],
        glance: 'importing',
        cloud: 'saving',
        danube: [2, 3],
        imgapi: 'creating',
        ...nowhere,
      },
      saving: {
        moves: ['saving'],
        glance: 'saving',
        cloud: 'saving',
        danube: [2, 3],
        imgapi: 'creating',
        ...nowhere,
      },
      active: {
        bytes: true,
        glance: 'active',
        cloud: 'active',
        danube: [1, 3],
        imgapi: 'active',
        listed: true,
        registered: true,
        offered: true,
      },
      deactivated: {
        bytes: true,
        moves: ['deactivated'],
        glance: 'deactivated',
        cloud: 'deactivated',
        danube: [1, 4],
        imgapi: 'disabled',
        listed: false,
        registered: true,
        offered: false,
      },
      killed: {
        moves: ['saving', 'killed'],
        glance: 'killed',
        cloud: 'killed',
        danube: null,
        imgapi: 'failed',
        ...nowhere,
      },
      pending_delete: {
        bytes: true,
        moves: ['pending_delete'],
        glance: 'pending_delete',
        cloud: 'pending_delete',
        danube: [2, 3],
        imgapi: 'disabled',
        ...nowhere,
      },
      deleted: {
        bytes: true,
        moves: ['deleted'],
        glance: null,
        cloud: 'deleted',
        danube: null,
        imgapi: null,
        ...nowhere,
      },
    }
    for (const [name, row] of Object.entries(rows))
      test(name, async () => {
        const { moves = [], bytes, external, ...expected } = row
        const image = await made(external ? { external } : {}, bytes && Buffer.from(`bytes of ${name}`))
        for (const status of moves) await become(image.uuid, status)
        const seen = await world.seen(image.uuid, image.handle)
        const manifest = await world.json(`/images/${image.uuid}`, world.signature())
        const listed = (await world.json('/images')) as unknown as { uuid: string }[]
        const { danube } = seen
        assert.deepEqual(
          {
            glance: seen.glance?.status ?? null,
            cloud: seen.cloud.status,
            danube: danube && [danube.status, danube.access],
            imgapi: manifest?.state ?? null,
            listed: listed.some(({ uuid }) => uuid === image.uuid),
            registered: seen.registration !== null,
            offered: seen.offered,
          },
          expected,
        )
      })

    test('the size of the disk is that of the machine, the size of the bytes that of the file', async () => {
      const gibibyte = 2 ** 30
      // The head of a qcow2 of 10 GiB without any data: version 3, clusters of 64 KiB.
      const qcow2 = bytesWith(1_048_576, {
        0: 'QFI\xfb',
        4: u32be(3),
        20: u32be(16),
        24: u64be(BigInt(10 * gibibyte)),
        36: u32be(20),
        40: u64be(196_608n),
        48: u64be(65_536n),
        56: u32be(1),
        96: u32be(4),
        100: u32be(104),
      })
      const { uuid, handle } = await made({ name: 'disk', diskFormat: 'qcow2' }, qcow2)
      const { glance, danube, cloud, manifest } = await world.seen(uuid, handle)
      assert.deepEqual(
        [glance.virtual_size, glance.size, danube.size, cloud.size, manifest.files[0].size],
        [10 * gibibyte, qcow2.length, 10 * 1024, qcow2.length, qcow2.length],
      )
    })
  })
