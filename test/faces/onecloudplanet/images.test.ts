import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Status } from '../../../src/catalogue/images/image.ts'
import { denied, images, missing, startWorld, type World } from './world.ts'

let world: World
const staffImages = '/backend/staffapi/openstack/images'
before(async () => {
  world = await startWorld()
})
after(() => world.close())

/** Puts an image into a status that only a broken transfer would show for long. */
async function inStatus(status: Status): Promise<string> {
  const { uuid } = await world.image({}, status === 'active' || status === 'deactivated' ? 'data' : undefined)
  await world.core.database.db.updateTable('images').set({ status }).where('uuid', '=', uuid).execute()
  return uuid
}

describe('retrieve', () => {
  test('whatever is visible, and 404 for the rest', async () => {
    const own = await world.image()
    const path = `${images}/${own.uuid}`
    const { body } = await world.expect('GET', path, { as: 'rita' }, 200)
    assert.equal(Object.keys(body).length, 32)
    await world.expect('GET', `${path}/`, { as: 'eva' }, 200, body)
    await world.expect('GET', `${images}/${own.uuid.toUpperCase()}`, { as: 'eva' }, 200, body)
    await world.expect('GET', path, { as: 'omar' }, 404, missing)
    for (const visibility of ['public', 'community'] as const) {
      const theirs = await world.image({ ownerId: 3, visibility, hidden: true })
      await world.expect('GET', `${images}/${theirs.uuid}`, { as: 'eva' }, 200)
    }
    const nobodys = await world.image({ ownerId: null })
    assert.equal(
      (await world.expect('GET', `${images}/${nobodys.uuid}`, { as: 'eva' }, 200)).body.client,
      null,
    )
  })

  test('the digest is shown on templates only', async () => {
    const template = await world.image({ ownerId: 1, visibility: 'public' }, 'data')
    const { body } = await world.expect('GET', `${images}/${template.uuid}`, { as: 'eva' }, 200)
    assert.deepEqual(Object.keys(body.properties), ['os_hidden', 'os_hash_algo', 'os_hash_value'])
    assert.equal(body.properties.os_hidden, false)
    const own = await world.image({}, 'data')
    assert.deepEqual(
      (await world.expect('GET', `${images}/${own.uuid}`, { as: 'eva' }, 200)).body.properties,
      {},
    )
  })
})

describe('update', () => {
  const sizes = { min_disk: 1, min_ram: 2 }

  test('PUT answers 11 keys and leaves the absent ones as they are', async () => {
    const { uuid } = await world.image({
      properties: { os_distro: 'centos', k: 'v' },
      tags: ['t'],
      protected: true,
    })
    const json = { ...sizes, id: 'ignored', name: 'new', architecture: 'x86_64' }
    const { body } = await world.expect('PUT', `${images}/${uuid}`, { as: 'eva', json }, 200)
    assert.equal(
      JSON.stringify(body),
      JSON.stringify({
        name: 'new',
        min_disk: 1,
        min_ram: 2,
        visibility: 'private',
        protected: true,
        architecture: 'x86_64',
        os_distro: 'centos',
        hypervisor_type: null,
        os_version: null,
        properties: { k: 'v' },
        tags: ['t'],
      }),
    )
    const image = await world.expect('GET', `${images}/${uuid}`, { as: 'eva' }, 200)
    assert.equal(image.body.name, 'new')
  })

  test('PUT requires two sizes, PATCH nothing', async () => {
    const { uuid } = await world.image()
    const required = ['This field is required.']
    await world.expect('PUT', `${images}/${uuid}`, { as: 'eva', json: { name: '' } }, 400, {
      min_disk: required,
      min_ram: required,
      name: ['This field may not be blank.'],
    })
    await world.expect('PATCH', `${images}/${uuid}`, { as: 'eva', json: {} }, 200)
    await world.expect('PATCH', `${images}/${uuid}`, { as: 'eva' }, 200)
    const unset = { hypervisor_type: '', os_version: null, tags: ['b', 'a'] }
    const { body } = await world.expect('PATCH', `${images}/${uuid}`, { as: 'eva', json: unset }, 200)
    assert.deepEqual([body.hypervisor_type, body.os_version, body.tags], [null, null, ['a', 'b']])
  })

  test('properties are the complete set, but provenance stays', async () => {
    const { uuid } = await world.image({
      properties: {
        'owner_specified.openstack.md5': '',
        custom: '1',
        image_type: 'backup',
        os_distro: 'centos',
        other: '2',
        boot_roles: 'reader',
      },
    })
    const path = `${images}/${uuid}`
    const put = async (properties: object) =>
      JSON.stringify(
        (await world.expect('PATCH', path, { as: 'eva', json: { properties } }, 200)).body.properties,
      )
    assert.equal(
      await put({ more: '3', other: '4' }),
      '{"owner_specified.openstack.md5":"","image_type":"backup","other":"4","boot_roles":"reader","more":"3"}',
    )
    assert.equal(
      await put({}),
      '{"owner_specified.openstack.md5":"","image_type":"backup","boot_roles":"reader"}',
    )
    assert.equal(
      await put({ image_type: 'snapshot', os_version: '9' }),
      '{"owner_specified.openstack.md5":"","image_type":"snapshot","boot_roles":"reader"}',
    )
    const { body } = await world.expect('GET', path, { as: 'eva' }, 200)
    assert.deepEqual([body.type, body.os_distro, body.os_version], ['snapshot', 'centos', '9'])
  })

  test('properties that may not be', async () => {
    const { uuid } = await world.image({ properties: { umlaut: 'ü', k: 'v' } })
    const path = `${images}/${uuid}`
    const ascii = { properties: ['Only ASCII characters are allowed for properties and values'] }
    const rows: [properties: unknown, body: object][] = [
      [{ size: '1' }, { properties: ['"size" is a reserved name.'] }],
      [{ k: 'ö' }, ascii],
      [{ ö: 'k' }, ascii],
      [{ k: null }, { properties: ['This field may not be null.'] }],
      [{ k: true }, { properties: ['Not a valid string.'] }],
      ['k', { properties: ['Expected a dictionary of items but got type "str".'] }],
      [null, { properties: ['This field may not be null.'] }],
    ]
    for (const [properties, body] of rows)
      await world.expect('PATCH', path, { as: 'eva', json: { properties, name: 'changed' } }, 400, body)
    const { body } = await world.expect('GET', path, { as: 'eva' }, 200)
    assert.deepEqual([body.name, body.properties], ['disk', { umlaut: 'ü', k: 'v' }], 'nothing is changed')
    // What another API has written can be sent back.
    await world.expect('PATCH', path, { as: 'eva', json: { properties: body.properties } }, 200)
  })

  test('formats are fixed once there are bytes', async () => {
    const queued = await world.image()
    await world.expect(
      'PATCH',
      `${images}/${queued.uuid}`,
      { as: 'eva', json: { disk_format: 'qcow2', container_format: 'ovf' } },
      200,
    )
    const path = `${images}/${(await world.image({}, 'data')).uuid}`
    const forbidden = { detail: 'Image update forbidden' }
    await world.expect(
      'PATCH',
      path,
      { as: 'eva', json: { disk_format: 'raw', container_format: 'bare' } },
      200,
    )
    await world.expect('PATCH', path, { as: 'eva', json: { disk_format: 'qcow2' } }, 403, forbidden)
    await world.expect('PATCH', path, { as: 'eva', json: { container_format: null } }, 403, forbidden)
    await world.expect('PATCH', path, { as: 'eva', json: { disk_format: 'x' } }, 400, {
      disk_format: ['"x" is not a valid choice.'],
    })
    // A format that this wire does not offer is still the present value of an image made elsewhere.
    const vhdx = await world.image({ diskFormat: 'vhdx' })
    await world.expect(
      'PUT',
      `${images}/${vhdx.uuid}`,
      { as: 'eva', json: { ...sizes, disk_format: 'vhdx' } },
      200,
    )
  })

  test('whose images may be changed', async () => {
    const json = { name: 'mine' }
    const notAllowed = { detail: 'Image editing not allowed' }
    const theirs = await world.image({ ownerId: 3, visibility: 'community' })
    await world.expect('PATCH', `${images}/${theirs.uuid}`, { as: 'eva', json }, 403, notAllowed)
    const ownPublic = await world.image({ visibility: 'public' })
    await world.expect('PATCH', `${images}/${ownPublic.uuid}`, { as: 'eva', json }, 403, notAllowed)
    await world.expect('PATCH', `${staffImages}/${ownPublic.uuid}`, { as: 'staff', json }, 200)
    const nobodys = await world.image({ ownerId: null })
    await world.expect('PATCH', `${images}/${nobodys.uuid}`, { as: 'eva', json }, 403, notAllowed)
    const invisible = await world.image({ ownerId: 3 })
    await world.expect('PATCH', `${images}/${invisible.uuid}`, { as: 'eva', json }, 404, missing)
    await world.expect('PATCH', `${images}/${invisible.uuid}`, { as: 'rita', json }, 403, denied)
    const own = await world.image()
    const publish = { visibility: 'public' }
    await world.expect('PATCH', `${images}/${own.uuid}`, { as: 'eva', json: publish }, 400, {
      visibility: ['"public" is not a valid choice.'],
    })
    await world.expect('PATCH', `${staffImages}/${own.uuid}`, { as: 'staff', json: publish }, 200)
  })

  test('bodies', async () => {
    const path = `${images}/${(await world.image()).uuid}`
    const form = new FormData()
    form.set('name', 'x')
    assert.match(
      (await world.expect('PATCH', path, { as: 'eva', form }, 415)).body.detail,
      /^Unsupported media type "multipart\/form-data; boundary=.*" in request\.$/,
    )
    assert.match(
      (
        await world.expect(
          'PATCH',
          path,
          { as: 'eva', body: '{', headers: { 'content-type': 'application/json' } },
          400,
        )
      ).body.detail,
      /^JSON parse error - /,
    )
  })
})

describe('destroy', () => {
  for (const status of [
    'queued',
    'saving',
    'uploading',
    'importing',
    'active',
    'deactivated',
    'killed',
    'pending_delete',
  ] as const)
    test(`in status ${status}`, async () => {
      const path = `${images}/${await inStatus(status)}`
      const reply = await world.expect('DELETE', path, { as: 'eva' }, 204)
      assert.equal(reply.text, '')
      await world.expect('DELETE', path, { as: 'eva' }, 404, missing)
      await world.expect('GET', path, { as: 'eva' }, 404, missing)
    })

  test('protected, of others, public', async () => {
    const kept = await world.image({ protected: true })
    await world.expect('DELETE', `${images}/${kept.uuid}`, { as: 'eva' }, 403, {
      detail: "Can't delete protected image",
    })
    const theirs = await world.image({ ownerId: 3, visibility: 'community' })
    await world.expect('DELETE', `${images}/${theirs.uuid}`, { as: 'eva' }, 403, denied)
    const ownPublic = await world.image({ visibility: 'public' })
    await world.expect('DELETE', `${images}/${ownPublic.uuid}`, { as: 'eva' }, 403, denied)
    await world.expect('DELETE', `${staffImages}/${ownPublic.uuid}`, { as: 'staff' }, 204)
  })
})

describe('deactivate and reactivate', () => {
  test('there and back, and again', async () => {
    const { uuid } = await world.image({ name: '', protected: true }, 'data')
    const path = `${images}/${uuid}`
    for (const _ of [1, 2])
      await world.expect('POST', `${path}/deactivate`, { as: 'eva' }, 200, {
        detail: `Image ${uuid} deactivated`,
      })
    assert.equal((await world.expect('GET', path, { as: 'eva' }, 200)).body.status, 'deactivated')
    await world.expect('PATCH', path, { as: 'eva', json: { name: 'still editable' } }, 200)
    for (const _ of [1, 2])
      await world.expect('POST', `${path}/reactivate`, { as: 'eva', json: {} }, 200, {
        detail: 'Image still editable reactivated',
      })
    assert.equal((await world.expect('GET', path, { as: 'eva' }, 200)).body.status, 'active')
  })

  const rows: [status: Status, shown: string][] = [
    ['queued', 'queued'],
    ['uploading', 'saving'],
    ['importing', 'saving'],
    ['killed', 'killed'],
    ['pending_delete', 'pending_delete'],
  ]
  for (const [status, shown] of rows)
    test(`not in status ${status}`, async () => {
      const path = `${images}/${await inStatus(status)}`
      for (const verb of ['deactivate', 'reactivate'])
        await world.expect('POST', `${path}/${verb}`, { as: 'eva' }, 409, {
          detail: `Not allowed to ${verb} image in status '${shown}'`,
        })
    })

  test('of others', async () => {
    const theirs = `${images}/${(await world.image({ ownerId: 3, visibility: 'community' }, 'data')).uuid}`
    await world.expect('POST', `${theirs}/deactivate`, { as: 'eva' }, 403, {
      detail: 'Image deactivation not allowed',
    })
    await world.expect('POST', `${theirs}/reactivate`, { as: 'eva' }, 403, {
      detail: 'Image reactivation not allowed',
    })
    await world.expect('POST', `${theirs}/deactivate`, { as: 'rita' }, 403, denied)
    const hidden = `${images}/${(await world.image({ ownerId: 3 }, 'data')).uuid}`
    await world.expect('POST', `${hidden}/deactivate`, { as: 'eva' }, 404, missing)
  })
})

describe('download', () => {
  test('whole, in part, not at all', async () => {
    const { uuid } = await world.image({ name: 'my "image"/ü' }, '0123456789')
    const path = `${images}/${uuid}/download`
    const whole = await world.ask('GET', path, { as: 'eva' })
    assert.equal(whole.text, '0123456789')
    assert.equal(whole.headers.get('content-type'), 'application/octet-stream')
    assert.equal(whole.headers.get('content-length'), '10')
    assert.equal(whole.headers.get('accept-ranges'), 'bytes')
    assert.match(whole.headers.get('content-disposition')!, /^attachment; filename="[\w .-]+\.raw"/)
    const part = await world.ask('GET', path, { as: 'eva', headers: { range: 'bytes=2-4' } })
    assert.deepEqual(
      [part.status, part.text, part.headers.get('content-range')],
      [206, '234', 'bytes 2-4/10'],
    )
    const outside = await world.expect('GET', path, { as: 'eva', headers: { range: 'bytes=10-' } }, 416)
    assert.equal(outside.headers.get('content-range'), 'bytes */10')
    const head = await world.ask('HEAD', path, { as: 'eva' })
    assert.deepEqual([head.status, head.text, head.headers.get('content-length')], [200, '', '10'])
  })

  for (const status of ['queued', 'saving', 'importing', 'killed', 'deactivated', 'pending_delete'] as const)
    test(`not in status ${status}`, async () => {
      const path = `${images}/${await inStatus(status)}/download`
      const shown = status === 'importing' ? 'saving' : status
      await world.expect('GET', path, { as: 'eva' }, 409, {
        detail: `Cannot download image in ${shown} status.`,
      })
    })

  test('staff may download what is deactivated', async () => {
    const uuid = await inStatus('deactivated')
    assert.equal((await world.ask('GET', `${staffImages}/${uuid}/download`, { as: 'staff' })).text, 'data')
  })

  test('who may', async () => {
    const own = `${images}/${(await world.image({}, 'data')).uuid}/download`
    await world.expect('GET', own, { as: 'rita' }, 403, denied)
    await world.expect('GET', own, { as: 'omar' }, 404, missing)
    for (const visibility of ['public', 'community'] as const) {
      const theirs = await world.image({ ownerId: 3, visibility }, 'data')
      assert.equal((await world.ask('GET', `${images}/${theirs.uuid}/download`, { as: 'eva' })).text, 'data')
    }
  })

  test('bytes that are lost', async () => {
    const { uuid, blobId } = await world.image({}, 'only here')
    await world.core.stores.all[0]!.store.delete(blobId!)
    await world.expect('GET', `${images}/${uuid}/download`, { as: 'eva' }, 404, {
      detail: 'Image data to be downloaded could not be found.',
    })
  })
})

describe('copy', () => {
  const json = { delete_source_image: false, destination_name: 'copy', destination_region_id: 'pl-waw-1' }

  test('a private copy of the caller, scheduled', async () => {
    const { uuid } = await world.image(
      { ownerId: 3, visibility: 'public', name: 'source', minDisk: 3, properties: { k: 'v' } },
      'data',
    )
    const path = `${images}/${uuid}/copy-image`
    await world.expect('POST', path, { as: 'eva', json }, 200, { detail: 'Image source copy scheduled' })
    const { body } = await world.expect('GET', `${images}?filtering=name:copy`, { as: 'eva' }, 200)
    const [copy] = body.objects
    assert.deepEqual(
      [
        body.count,
        copy.region,
        copy.visibility,
        copy.client.id,
        copy.min_disk,
        copy.disk_format,
        copy.properties,
      ],
      [1, 'pl-waw-1', 'private', 2, 3, 'raw', { k: 'v' }],
    )
    await world.catalogue.imports.finishCopy(
      (await import('../../../src/catalogue/actor.ts')).systemActor,
      copy.id,
      { sourceUuid: uuid, deleteSource: false },
    )
    assert.equal((await world.ask('GET', `${images}/${copy.id}/download`, { as: 'eva' })).text, 'data')
  })

  test('a copy by staff stays with the owner, or goes to the client they name', async () => {
    const { uuid } = await world.image({ ownerId: 3, name: 'staff source' }, 'data')
    const path = `${staffImages}/${uuid}/copy-image`
    await world.expect('POST', path, { as: 'staff', json: { ...json, destination_name: 's1' } }, 200)
    await world.expect(
      'POST',
      `${path}?active_client=2`,
      { as: 'staff', json: { ...json, destination_name: 's2' } },
      200,
    )
    const { body } = await world.expect(
      'GET',
      `${staffImages}?filtering=name__in:s1,s2&ordering=name`,
      { as: 'staff' },
      200,
    )
    assert.deepEqual(
      body.objects.map((one: { client: { id: number } }) => one.client.id),
      [3, 2],
    )
  })

  test('refusals', async () => {
    const required = ['This field is required.']
    const own = await world.image({ protected: true }, 'data')
    const path = `${images}/${own.uuid}/copy-image`
    await world.expect('POST', path, { as: 'eva', json: {} }, 400, {
      delete_source_image: required,
      destination_name: required,
      destination_region_id: required,
    })
    await world.expect(
      'POST',
      path,
      { as: 'eva', json: { delete_source_image: 'x', destination_name: '', destination_region_id: 'x' } },
      400,
      {
        delete_source_image: ['Must be a valid boolean.'],
        destination_name: ['This field may not be blank.'],
        destination_region_id: ['"x" is not a valid choice.'],
      },
    )
    await world.expect('POST', path, { as: 'eva', json: { ...json, delete_source_image: true } }, 403, {
      detail: "Can't delete protected image",
    })
    await world.expect('POST', path, { as: 'rita', json }, 403, denied)
    await world.expect('POST', path, { as: 'omar', json }, 404, missing)
    const theirs = await world.image({ ownerId: 3, visibility: 'community' }, 'data')
    await world.expect(
      'POST',
      `${images}/${theirs.uuid}/copy-image`,
      { as: 'eva', json: { ...json, delete_source_image: true } },
      403,
      denied,
    )
    const queued = await world.image()
    await world.expect('POST', `${images}/${queued.uuid}/copy-image`, { as: 'eva', json }, 409, {
      detail: 'Cannot copy image in queued status.',
    })
  })
})

describe('members', () => {
  test('a share from its offer to its end', async () => {
    const { uuid } = await world.image({ visibility: 'shared', name: 'offer' }, 'data')
    const path = `${images}/${uuid}/members`
    await world.expect('GET', path, { as: 'eva' }, 200, { objects: [] })
    await world.expect('GET', path, { as: 'omar' }, 404, missing)
    const { body } = await world.expect('POST', path, { as: 'eva', json: { client: 3 } }, 201)
    assert.equal(Object.keys(body).join(), 'image_id,client,status,created_at,updated_at')
    assert.deepEqual(
      [body.image_id, body.client, body.status],
      [uuid, { id: 3, name: 'other', display: 'other #3' }, 'pending'],
    )
    assert.match(body.created_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
    await world.expect('POST', path, { as: 'eva', json: { client: 3 } }, 409)
    await world.expect('POST', path, { as: 'eva', json: { client: 2 } }, 201)
    // A member may look and download from the first moment, but only once it has accepted is the image in its list.
    await world.expect('GET', `${images}/${uuid}`, { as: 'omar' }, 200)
    assert.equal((await world.ask('GET', `${images}/${uuid}/download`, { as: 'omar' })).text, 'data')
    const listed = async () =>
      (await world.expect('GET', `${images}?filtering=visibility:shared%2Bname:offer`, { as: 'omar' }, 200))
        .body.count
    assert.equal(await listed(), 0)
    const one = `${path}/3`
    await world.expect('PUT', one, { as: 'eva', json: { status: 'accepted' } }, 403, denied)
    await world.expect('PUT', one, { as: 'omar', json: { status: 'maybe' } }, 400, {
      detail: 'Invalid member status received.',
    })
    await world.expect('PUT', one, { as: 'omar', json: {} }, 400, {
      detail: 'Invalid member status received.',
    })
    await world.expect('PUT', one, { as: 'omar', json: { status: 'accepted' } }, 200, {
      detail: 'Image member status update sent.',
    })
    assert.equal(await listed(), 1)
    await world.expect('PUT', one, { as: 'omar', json: { status: 'rejected' } }, 200)
    assert.equal(await listed(), 0)
    // The owner sees all, a member only itself.
    assert.equal((await world.expect('GET', path, { as: 'eva' }, 200)).body.objects.length, 2)
    assert.deepEqual(
      (await world.expect('GET', path, { as: 'omar' }, 200)).body.objects.map(
        (member: { client: { id: number } }) => member.client.id,
      ),
      [3],
    )
    assert.equal((await world.expect('GET', one, { as: 'omar' }, 200)).body.status, 'rejected')
    await world.expect('GET', `${path}/2`, { as: 'omar' }, 404, missing)
    await world.expect('PUT', `${path}/2`, { as: 'omar', json: { status: 'accepted' } }, 404, {
      detail: 'Could not find details about image member.',
    })
    await world.expect('PUT', `${path}/x`, { as: 'omar', json: { status: 'accepted' } }, 404, {
      detail: 'Could not find details about image member.',
    })
    // Members are readers.
    await world.expect('POST', path, { as: 'omar', json: { client: 1 } }, 403, denied)
    await world.expect('DELETE', one, { as: 'omar' }, 403, denied)
    await world.expect('DELETE', one, { as: 'rita' }, 403, denied)
    assert.equal((await world.expect('DELETE', one, { as: 'eva' }, 204)).text, '')
    await world.expect('DELETE', one, { as: 'eva' }, 404, missing)
    await world.expect('GET', `${images}/${uuid}`, { as: 'omar' }, 404, missing)
  })

  test('bad input, and images that are not shared', async () => {
    const shared = `${images}/${(await world.image({ visibility: 'shared' })).uuid}/members`
    await world.expect('POST', shared, { as: 'eva', json: {} }, 400, { client: ['This field is required.'] })
    await world.expect('POST', shared, { as: 'eva', json: { client: 'x' } }, 400, {
      client: ['A valid integer is required.'],
    })
    await world.expect('POST', shared, { as: 'eva', json: { client: 999 } }, 400, {
      client: ['Client does not exist'],
    })
    await world.expect('GET', `${shared}/3`, { as: 'eva' }, 404, missing)
    await world.expect('GET', `${shared}/x`, { as: 'eva' }, 404, missing)
    await world.expect('DELETE', `${shared}/3.5`, { as: 'eva' }, 404, missing)
    const plain = `${images}/${(await world.image()).uuid}/members`
    await world.expect('GET', plain, { as: 'eva' }, 403, { detail: 'Only shared images have members.' })
    await world.expect('POST', plain, { as: 'eva', json: { client: 3 } }, 403, {
      detail: 'Only shared images have members.',
    })
  })

  test('memberships outlive a change of visibility, without effect meanwhile', async () => {
    const { uuid } = await world.image({ visibility: 'shared' })
    await world.expect('POST', `${images}/${uuid}/members`, { as: 'eva', json: { client: 3 } }, 201)
    await world.expect('PATCH', `${images}/${uuid}`, { as: 'eva', json: { visibility: 'private' } }, 200)
    await world.expect('GET', `${images}/${uuid}`, { as: 'omar' }, 404, missing)
    await world.expect('PATCH', `${images}/${uuid}`, { as: 'eva', json: { visibility: 'shared' } }, 200)
    await world.expect('GET', `${images}/${uuid}`, { as: 'omar' }, 200)
  })
})
