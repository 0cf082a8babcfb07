/** danube.md section 6: what `es` sends, byte for byte, and the bytes that it is answered. */
import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { type Repository, startRepository } from './repository.ts'
import { startWorld, type World } from './world.ts'

/** The constant headers of `es` and those that Python's `requests` adds. */
const constant = [
  'User-Agent: es/1.3.3',
  'Accept-Encoding: gzip, deflate',
  'Accept: application/json; indent=4',
  'Connection: keep-alive',
  'Content-Type: application/json; indent=4',
  'ES-STREAM: es',
]

type Heard = { readonly head: string; readonly body: string; readonly chunked: boolean }

describe('the traces of es', () => {
  let world: World
  let repository: Repository
  let token: string
  before(async () => {
    repository = await startRepository()
    world = await startWorld({ importAllow: '127.0.0.0/8' })
    await world.apply({ users: [{ username: 'admin', password: 'changeme', superAdmin: true }] })
  })
  after(async () => {
    await repository?.close()
    await world?.close()
  })

  const signed = () => [`Authorization: Token ${token}`]

  /** @param body as Python's `json.dumps` writes it, with spaces; none for GET */
  function say(line: string, own: readonly string[], body?: string): Promise<Heard> {
    const head = [
      line,
      `Host: ${new URL(world.url).host}`,
      ...constant,
      ...own,
      ...(body === undefined ? [] : [`Content-Length: ${Buffer.byteLength(body)}`]),
    ]
    const socket = connect(Number(new URL(world.url).port), '127.0.0.1')
    socket.write(`${head.join('\r\n')}\r\n\r\n${body ?? ''}`)
    let text = ''
    socket.setEncoding('utf8')
    return new Promise((resolve, reject) => {
      socket.once('error', reject)
      socket.on('data', (chunk) => {
        text += chunk
        const heard = whole(text)
        if (!heard) return
        socket.destroy()
        resolve(heard)
      })
    })
  }

  const login = (username: string, password: string, own: readonly string[] = []) =>
    say('POST /api/accounts/login/ HTTP/1.1', own, `{"username": "${username}", "password": "${password}"}`)

  test('es login -username admin -password changeme', async () => {
    const { head, body } = await login('admin', 'changeme')
    assert.match(head, /^HTTP\/1\.1 200 OK\r\n/)
    assert.match(
      body,
      /^\{\n {4}"token": "[0-9a-f]{40}",\n {4}"expires": "[-0-9]{10}T[:0-9]{8}(\.\d{6})?\+00:00",\n {4}"detail": "Welcome to Danube Cloud API\."\n\}$/,
    )
    token = JSON.parse(body).token
  })

  test('es login with a wrong password', async () => {
    const { head, body } = await login('admin', 'x')
    assert.match(head, /^HTTP\/1\.1 400 Bad Request\r\n/)
    assert.equal(body, '{\n    "detail": "Unable to log in with provided credentials."\n}')
    assert.doesNotMatch(head, /\r\nes_/)
  })

  test('es get /image -full', async () => {
    const { head, body, chunked } = await say('GET /api/image/?full=True HTTP/1.1', signed())
    assert.match(head, /^HTTP\/1\.1 200 OK\r\n/)
    assert.match(head, /\r\ncontent-type: application\/json\r\n/)
    assert.doesNotMatch(head, /es_stream|es_task_response|content-encoding/i)
    assert.match(body, /^\{\n {4}"task_id": "\S+",\n {4}"status": "SUCCESS",\n {4}"result": \[\]\n\}$/)
    assert.equal(chunked, true)
  })

  /** The head and the bytes of a stream: spaces, the code, the status, indented by four. */
  function streamed({ head, body, chunked }: Heard, code: number, status: string): { message: string } {
    assert.match(head, /^HTTP\/1\.1 201 Created\r\n/)
    assert.equal(chunked, true)
    assert.doesNotMatch(head, /content-(encoding|length)/i)
    assert.match(head, /\r\nes_stream: True\r\n/)
    const [, taskId] = /\r\nes_task_id: (\S+)\r\n/.exec(head)!
    const [, json = ''] = new RegExp(`^ *${code}\\n(\\{\\n[\\s\\S]*\\n\\})$`).exec(body) ?? assert.fail(body)
    const { result } = JSON.parse(json)
    assert.equal(json, JSON.stringify({ task_id: taskId, status, result }, null, 4))
    return result
  }

  const create = (name: string, manifestUrl: string) =>
    say(
      `POST /api/image/${name}/ HTTP/1.1`,
      signed(),
      `{"manifest_url": "${manifestUrl}", "dc": "main", "access": "1"}`,
    )

  test('es create /image/centos-7 -manifest_url … -dc main -access 1', async () => {
    const result = streamed(await create('centos-7', repository.add().manifestUrl), 200, 'SUCCESS')
    assert.match(
      result.message,
      /^Successfully imported image centos-7 \(transferred 5 bytes in \d+ seconds\)$/,
    )
    const { body } = await say('GET /api/image/centos-7/ HTTP/1.1', signed())
    assert.match(body, /\n {8}"name": "centos-7",\n[\s\S]*\n {8}"access": 1,\n/)
  })

  test('es create of what cannot be fetched', async () => {
    const { manifestUrl } = repository.add({ facts: { files: [{ sha1: 'a'.repeat(40), size: 5 }] } })
    const result = streamed(await create('broken', manifestUrl), 400, 'FAILURE')
    assert.match(result.message, /^ERROR: Image file checksum mismatch \(a{40} != [0-9a-f]{40}\)$/)
  })

  test('es create of what is refused at once is no stream', async () => {
    const { head, body } = await create('centos-7', 'http://127.0.0.1/images/x')
    assert.match(head, /^HTTP\/1\.1 406 Not Acceptable\r\n/)
    assert.doesNotMatch(head, /es_stream|es_task_response/)
    assert.equal(body, '{\n    "detail": "Image already exists"\n}')
  })

  test('es delete /image/centos-7', async () => {
    const { message } = streamed(
      await say('DELETE /api/image/centos-7/ HTTP/1.1', signed(), '{}'),
      200,
      'SUCCESS',
    )
    assert.equal(message, 'Successfully deleted image centos-7')
  })

  test('es help /image', async () => {
    const { head, body } = await say('OPTIONS /api/image/ HTTP/1.1', signed(), '{}')
    assert.match(head, /^HTTP\/1\.1 200 OK\r\n/)
    assert.equal(
      body,
      '{\n    "name": "Image List",\n    "description": "GET /image: List server disk images",\n    "renders": [\n        "application/json"\n    ],\n    "parses": [\n        "application/json"\n    ]\n}',
    )
  })

  test('es get with a key beside a token that is none any more', async () => {
    const key = await world.apiKey('keeper')
    const { head } = await say('GET /api/image/ HTTP/1.1', ['Authorization: Token old', `ES-API-KEY: ${key}`])
    assert.match(head, /^HTTP\/1\.1 200 OK\r\n[\s\S]*\r\nes_username: keeper\r\n/)
  })

  test('es logout', async () => {
    const { head, body } = await say('GET /api/accounts/logout/ HTTP/1.1', signed())
    assert.match(head, /^HTTP\/1\.1 200 OK\r\n/)
    assert.equal(body, '{\n    "detail": "Bye."\n}')
    const again = await say('GET /api/accounts/logout/ HTTP/1.1', signed())
    assert.match(again.head, /^HTTP\/1\.1 403 Forbidden\r\n/)
    assert.equal(again.body, '{\n    "detail": "Invalid token."\n}')
    assert.doesNotMatch(again.head, /www-authenticate/i)
  })
})

/** An answer that has come to its end, by its length or its last chunk; null before. */
function whole(text: string): Heard | null {
  const at = text.indexOf('\r\n\r\n')
  if (at < 0) return null
  const head = text.slice(0, at + 2)
  const rest = text.slice(at + 4)
  const length = /\r\ncontent-length: (\d+)\r\n/i.exec(head)?.[1]
  if (length !== undefined)
    return Buffer.byteLength(rest) >= Number(length) ? { head, body: rest, chunked: false } : null
  if (!rest.endsWith('0\r\n\r\n')) return null
  // Everything here is ASCII, so that characters are bytes.
  let body = ''
  for (let from = 0; ; ) {
    const end = rest.indexOf('\r\n', from)
    const size = Number.parseInt(rest.slice(from, end), 16)
    if (size === 0) return { head, body, chunked: true }
    body += rest.slice(end + 2, end + 2 + size)
    from = end + 2 + size + 2
  }
}
