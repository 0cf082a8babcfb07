import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { systemActor } from '../../../src/catalogue/actor.ts'
import { startWorld, type World } from './world.ts'

/** Clients that take their time, at a server that gives them one second (glance.md section 24, the list of issue 6). */
let world: World
before(async () => {
  world = await startWorld({ server: { idleSeconds: 1, headerSeconds: 1 } })
})
after(() => world.close())

/** Sends this much of a request and then nothing; tells what came until the server hung up. */
async function sendOnly(text: string): Promise<string> {
  const { hostname, port } = new URL(world.url)
  const socket = connect(Number(port), hostname)
  let heard = ''
  socket.setEncoding('utf8').on('data', (chunk) => {
    heard += chunk
  })
  socket.on('error', () => {})
  socket.write(text)
  await once(socket, 'close')
  return heard
}

describe('clients that stand still', { concurrency: true }, () => {
  test('an upload that stands still is ended, and leaves the image waiting', async () => {
    const { uuid } = await world.image()
    await sendOnly(
      `PUT /v2/images/${uuid}/file HTTP/1.1\r\nHost: x\r\nX-Auth-Token: ${world.tokens.eva}\r\n` +
        'Content-Type: application/octet-stream\r\nContent-Length: 1000\r\n\r\nhello',
    )
    for (let tries = 0; ; tries++) {
      const { body } = await world.expect('GET', `/images/${uuid}`, { as: 'eva' }, 200)
      if (body.status === 'queued') break
      assert.ok(tries < 200, `the image is still ${body.status}`)
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    await world.expect('PUT', `/images/${uuid}/file`, { as: 'eva', data: 'hello' }, 204)
  })

  test('a JSON body that never ends makes nothing', async () => {
    const before = await world.catalogue.projects.usage(systemActor, 3)
    await sendOnly(
      `POST /v2/images HTTP/1.1\r\nHost: x\r\nX-Auth-Token: ${world.tokens.omar}\r\nContent-Length: 1000\r\n\r\n{"name":`,
    )
    assert.deepEqual(await world.catalogue.projects.usage(systemActor, 3), before)
  })

  test('headers that never end are refused', async () => {
    assert.match(await sendOnly('GET /v2/images HTTP/1.1\r\nHost: x\r\nX-Slow: '), /^HTTP\/1.1 408 |^$/)
  })
})
