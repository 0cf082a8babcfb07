import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { systemActor } from '../../../src/catalogue/actor.ts'
import { onecloudplanet } from '../../../src/faces/onecloudplanet/index.ts'
import { client } from '../../support/onecloudplanet.ts'
import { onBothDatabases, type World } from './world.ts'

/** One image through two faces (one-catalogue.md section 3 and section 4, rule 9). */
onBothDatabases('an image of the catalogue', (start) => {
  let world: World
  let planet: ReturnType<typeof client>
  before(async () => {
    world = await start({ faces: [onecloudplanet] })
    planet = client(world.url, world.tokens.manager)
  })
  after(() => world.close())

  const images = '/compute_resources/1/images'
  const found = async (uuid: string, as: 'admin' | 'manager' | 'viewer' | 'lone' = 'manager') => {
    const { body } = await world.ask('GET', `${images}?per_page=all`, { as })
    return body.results?.find((one: { uuid: string }) => one.uuid === uuid)
  }
  const offered = async (uuid: string) => {
    const { body } = await world.ask('GET', '/compute_resources/1/available_images', { as: 'manager' })
    return body.find((one: { uuid: string }) => one.uuid === uuid)
  }
  const planetAsk = async (method: string, path: string, json: object) => {
    const answer = await fetch(`${planet.images}/${path}`, {
      method,
      headers: { ...planet.headers, 'content-type': 'application/json' },
      body: JSON.stringify({ min_disk: 0, min_ram: 0, ...json }),
    })
    assert.ok(answer.ok, `${answer.status} ${await answer.clone().text()}`)
  }
  const upload = async (name: string) => {
    const uuid = await planet.upload(name, 'raw', new Blob([`bytes of ${name}`]))
    assert.equal((await planet.settled(uuid)).status, 'active')
    return uuid
  }

  test('uploaded elsewhere, it is registered; it is renamed, switched off and deleted with it', async () => {
    const uuid = await upload('first')
    const registered = await found(uuid)
    assert.deepEqual(
      [registered.name, registered.operatingsystem_name, registered.architecture_name, registered.username],
      ['first', 'unknown', 'x86_64', 'root'],
    )
    assert.ok(!('user_data' in registered))
    assert.deepEqual(await offered(uuid), { uuid, name: 'first' })
    await planetAsk('PUT', uuid, { name: 'renamed' })
    assert.equal((await found(uuid)).name, 'renamed')
    await world.catalogue.images.deactivate(systemActor, uuid)
    assert.equal((await found(uuid)).id, registered.id, 'it stays registered')
    assert.equal(await offered(uuid), undefined)
    await planet.remove(uuid)
    assert.equal(await found(uuid), undefined)
    await world.expect('GET', `${images}/${registered.id}`, { as: 'manager' }, 404)
  })

  test('changed here, the image is changed', async () => {
    const uuid = await upload('second')
    const { id } = await found(uuid)
    const json = { image: { name: 'better', operatingsystem_id: 309172073, architecture_id: 331892513 } }
    const { body } = await world.expect('PUT', `${images}/${id}`, { as: 'manager', json }, 200)
    assert.deepEqual([body.name, body.operatingsystem_name], ['better', 'centos 5.3'])
    const view = await planet.view(uuid)
    assert.equal(view.name, 'better')
    const answer = await fetch(`${planet.images}/${uuid}`, { headers: planet.headers })
    const image = (await answer.json()) as { os_distro: string; os_version: string }
    assert.deepEqual([image.os_distro, image.os_version], ['centos', '5.3'])
    await world.expect('PUT', `${images}/${id}`, { as: 'viewer', json }, 403)
  })

  test('un-registered here, it stays away until its uuid is registered again; the image never notices', async () => {
    const uuid = await upload('third')
    const { id } = await found(uuid)
    await world.expect('DELETE', `${images}/${id}`, { as: 'manager' }, 200)
    assert.equal(await found(uuid), undefined)
    assert.equal((await planet.view(uuid)).status, 'active')
    await planetAsk('PUT', uuid, { name: 'still away' })
    assert.equal(await found(uuid), undefined)
    const image = {
      name: 'own name',
      username: 'cloud',
      uuid,
      operatingsystem_id: 309172073,
      architecture_id: 501905019,
    }
    const { body } = await world.expect('POST', images, { as: 'manager', json: { image } }, 201)
    await planetAsk('PUT', uuid, { name: 'other name' })
    assert.equal((await found(uuid)).name, 'own name', 'what was registered by hand has a name of its own')
    await planet.remove(uuid)
    await world.expect('GET', `${images}/${body.id}`, { as: 'manager' }, 404)
  })

  test('what is not in the catalogue cannot be registered in it', async () => {
    const image = {
      name: 'n',
      username: 'u',
      uuid: 'nowhere',
      operatingsystem_id: 309172073,
      architecture_id: 501905019,
    }
    const { status, body } = await world.ask('POST', images, { as: 'manager', json: { image } })
    assert.deepEqual([status, body.error.full_messages], [422, ['UUID could not be found in catalogue']])
  })

  test('images that share a name are all there', async () => {
    const [one, other] = [await upload('same'), await upload('same')]
    assert.ok((await found(one)) && (await found(other)))
  })

  test('an image of others is nobody else’s', async () => {
    const image = await world.image({ ownerId: 1, name: 'theirs' })
    assert.ok(await found(image.uuid, 'admin'))
    assert.equal(await found(image.uuid), undefined)
    assert.equal(await offered(image.uuid), undefined)
  })

  test('the compute resource itself stays as it is', async () => {
    await world.expect('DELETE', '/compute_resources/1', {}, 422)
    await world.expect('PUT', '/compute_resources/1', { json: { name: 'x' } }, 422)
    await world.expect('PUT', '/compute_resources/1', { json: {} }, 200)
  })
})
