import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { centos1, centos2, listOf } from './fixture.ts'
import { images, onBothDatabases, type World } from './world.ts'

/** The examples of the published page, in its order: bytes of JSON, but for the dates of what is made here. */
onBothDatabases('the recorded examples', (start) => {
  let world: World
  before(async () => {
    world = await start()
  })
  after(() => world.close())

  test('GET /api/compute_resources/980190962/images', async () => {
    const reply = await world.expect('GET', images, {}, 200, listOf([centos1, centos2]))
    assert.equal(reply.text, JSON.stringify(listOf([centos1, centos2])), 'the order of the keys, too')
  })

  test('GET /api/compute_resources/980190962/images/980190962', async () => {
    const reply = await world.expect('GET', `${images}/980190962`, {}, 200)
    assert.equal(reply.text, JSON.stringify(centos1))
  })

  test('POST /api/compute_resources/980190962/images', async () => {
    const image = {
      name: 'TestImage',
      username: 'ec2-user',
      uuid: 'abcdef',
      password: 'password',
      operatingsystem_id: 309172073,
      compute_resource_id: 928692541,
      architecture_id: 331892513,
      user_data: true,
    }
    const { body } = await world.expect('POST', images, { json: { image } }, 201)
    assert.equal(
      JSON.stringify(body),
      JSON.stringify({
        ...centos1,
        architecture_id: 331892513,
        architecture_name: 'sparc',
        uuid: 'abcdef',
        username: 'ec2-user',
        created_at: body.created_at,
        updated_at: body.updated_at,
        id: 980190963,
        name: 'TestImage',
      }),
    )
    assert.match(body.created_at, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$/)
  })

  test('PUT /api/compute_resources/980190962/images/980190962', async () => {
    const reply = await world.expect('PUT', `${images}/980190962`, { json: { image: {} } }, 200)
    assert.equal(reply.text, JSON.stringify(centos1))
  })

  test('DELETE /api/compute_resources/980190962/images/980190962', async () => {
    const reply = await world.expect('DELETE', `${images}/980190962`, { json: { image: {} } }, 200)
    assert.equal(
      reply.text,
      JSON.stringify({
        id: 980190962,
        operatingsystem_id: 309172073,
        compute_resource_id: 980190962,
        architecture_id: 501905019,
        uuid: 'string-of-uuid',
        username: 'root',
        name: 'centos-1',
        created_at: '2024-02-22T15:52:47.631Z',
        updated_at: '2024-02-22T15:52:47.631Z',
        iam_role: null,
        user_data: false,
        password: null,
      }),
    )
    await world.expect('DELETE', `${images}/980190962`, {}, 404)
  })
})
