import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { systemActor } from '../src/catalogue/actor.ts'
import { engineNames, engines } from './support/databases.ts'
import { type EveryFace, foremanHeaders, ok, startEveryFace } from './support/every-face.ts'

/** Text that nobody can make shorter. */
const noise = (length: number) =>
  Array.from({ length: Math.ceil(length / 88) }, (_, at) =>
    createHash('sha512').update(`${at}`).digest('base64'),
  )
    .join('')
    .slice(0, length)

/** What OpenStack takes and other faces cannot say survives them all (one-catalogue.md section 4, rule 3). */
for (const engine of engines)
  describe(`values that others cannot say, on ${engineNames[engine]}`, () => {
    let world: EveryFace
    before(async () => {
      world = await startEveryFace(engine)
    })
    after(() => world?.close())

    const everywhere = (value: string) => ({
      os_distro: value,
      os_version: value,
      os_type: value,
      architecture: value,
      hypervisor_type: value,
      os_admin_user: value,
      description: value,
      instance_uuid: value,
      block_device_mapping: JSON.stringify([{ snapshot_id: value }]),
      own: value,
    })
    const rows: [what: string, facts: object][] = [
      ['nothing said', {}],
      ['no name', { name: null }],
      ['as long as can be', { name: noise(255), ...everywhere(noise(60_000)) }],
      [
        'of long characters',
        { name: '😀'.repeat(127), tags: ['😀'.repeat(127)], ...everywhere('😀'.repeat(15_000)) },
      ],
      ['that grow when they are folded', { name: 'İ'.repeat(255), ...everywhere('İ'.repeat(20_000)) }],
      ['of white space', { name: ' \u3000', tags: [' '], ...everywhere(' \u00a0') }],
      [
        'that look like something else',
        { name: '%2F../"\'<>&', tags: ['*', 'a,b', 'null'], ...everywhere("'; --") },
      ],
      ['names that every object has', { constructor: 'x', toString: 'y', hasOwnProperty: 'z' }],
      ['the largest numbers', { min_disk: 2_147_483_647, min_ram: 2_147_483_647 }],
    ]
    for (const [what, facts] of rows)
      test(what, async () => {
        const { glance } = world
        const formats = { disk_format: 'raw', container_format: 'bare' }
        const { id: uuid } = await glance('POST', '/images', 201, { json: { ...formats, ...facts } })
        await glance('PUT', `/images/${uuid}/file`, 204, { data: `bytes of ${what}` })
        const { handle } = await world.server.catalogue.images.view(systemActor, uuid)
        const original = await glance('GET', `/images/${uuid}`, 200)
        for (const [name, value] of Object.entries(facts)) assert.deepEqual(original[name], value, name)

        const seen = await world.seen(uuid, handle)
        for (const face of ['danube', 'cloud', 'glance', 'manifest', 'registration'] as const)
          assert.notEqual(seen[face], null, face)
        const { registration } = seen
        for (const name of ['name', 'username', 'operatingsystem_name', 'architecture_name'])
          assert.match(registration[name], /\S/, name)
        assert.ok([...registration.username].length <= 255)

        // Each face writes what it shows, and something of its own.
        await ok(world.danube('set', `/image/${handle}`, { alias: seen.danube.alias, version: '2' }))
        const response = await fetch(
          `${world.server.url}/api/compute_resources/1/images/${registration.id}`,
          {
            method: 'PUT',
            headers: { ...foremanHeaders, 'content-type': 'application/json' },
            body: JSON.stringify({ image: { name: registration.name, username: registration.username } }),
          },
        )
        assert.equal(response.status, 200, await response.text())
        await world.change(uuid, { min_disk: original.min_disk, min_ram: original.min_ram })
        const updated = await fetch(`${world.server.url}/images/${uuid}?action=update`, {
          method: 'POST',
          headers: { ...world.signature(), 'content-type': 'application/json' },
          body: JSON.stringify({ homepage: 'https://example.org/' }),
        })
        assert.equal(updated.status, 200, await updated.text())
        const { updated_at, ...left } = await glance('GET', `/images/${uuid}`, 200)
        assert.ok(updated_at >= original.updated_at)
        assert.deepEqual({ ...left, updated_at: original.updated_at }, original)
        await ok(world.danube('delete', `/image/${handle}`))
      })
  })
