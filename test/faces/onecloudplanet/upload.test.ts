import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, open, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { debianPackage } from '../../support/debian.ts'
import { images, startWorld, type World } from './world.ts'

const run = promisify(execFile)
const megabyte = 1024 * 1024
const fields = ['-F', 'name=disk', '-F', 'source=file', '-F', 'disk_format=raw', '-F', 'region=ua-central-1']

let world: World
let directory: string
let hasCurl: boolean
let url: string

before(async () => {
  hasCurl = await debianPackage('curl')
  world = await startWorld()
  url = `${world.url}/backend/api${images}`
  directory = await mkdtemp(join(tmpdir(), 'imageport-ocp-upload-'))
})
after(async () => {
  await world.close()
  await rm(directory, { recursive: true })
})

type Answer = {
  readonly status: number
  readonly body: string
  readonly exit: number
  readonly uploaded: number
}

/** One request by curl: its status, body, exit code and the bytes it had sent when it was done. */
async function curl(...args: string[]): Promise<Answer> {
  const ours = ['-sS', '-m', '60', '-w', '\n%{http_code} %{size_upload}']
  const given = args.includes('-H')
    ? args
    : ['-H', `Authorization: OpenAPIToken ${world.tokens.eva}`, ...args]
  const { stdout, exit } = await run('curl', [...ours, ...given]).then(
    ({ stdout }) => ({ stdout, exit: 0 }),
    (error) => ({ stdout: error.stdout as string, exit: error.code as number }),
  )
  const end = stdout.lastIndexOf('\n')
  const [status, uploaded] = stdout
    .slice(end + 1)
    .split(' ')
    .map(Number)
  return { status: status!, body: stdout.slice(0, end), exit, uploaded: uploaded! }
}

const stored = async () => {
  let count = 0
  for await (const _ of world.core.stores.all[0]!.store.list()) count++
  return count
}

const imagesNamed = async (name: string) =>
  (await world.expect('GET', `${images}?filtering=name:${name}`, { as: 'eva' }, 200)).body.objects

describe('a real client', () => {
  test('uploads, looks, downloads, resumes', async (t) => {
    if (!hasCurl) return t.skip('curl is not installed')
    const file = join(directory, 'disk.raw')
    const bytes = randomBytes(5 * megabyte + 7)
    await writeFile(file, bytes)
    const made = await curl(
      ...fields,
      '-F',
      'protected=true',
      '-F',
      `file=@${file}`,
      `${url}?active_client=2`,
    )
    assert.equal(made.status, 201, made.body)
    const { id } = JSON.parse(made.body)
    const [image] = await imagesNamed('disk')
    assert.deepEqual(
      [image.id, image.status, image.size, image.protected],
      [id, 'active', bytes.length, true],
    )

    const sum = (content: Buffer) => createHash('sha256').update(content).digest('hex')
    const target = join(directory, 'back.raw')
    assert.equal((await curl('-o', target, `${url}/${id}/download`)).status, 200)
    assert.equal(sum(await readFile(target)), sum(bytes))
    // Taken up again where an earlier download broke off.
    await truncate(target, 2 * megabyte)
    assert.equal((await curl('-C', '-', '-o', target, `${url}/${id}/download`)).status, 206)
    assert.equal(sum(await readFile(target)), sum(bytes))
    const part = await curl('-r', '1000-1099', '-o', target, `${url}/${id}/download`)
    assert.deepEqual([part.status, sum(await readFile(target))], [206, sum(bytes.subarray(1000, 1100))])
    const head = await curl('-I', `${url}/${id}/download`)
    assert.equal(head.exit, 0)
    assert.match(head.body, new RegExp(`content-length: ${bytes.length}\r`, 'i'))
    assert.match(head.body, /content-disposition: attachment; filename="disk\.raw"\r/i)
  })

  test('may send without a length', async (t) => {
    if (!hasCurl) return t.skip('curl is not installed')
    const file = join(directory, 'chunked.raw')
    await writeFile(file, randomBytes(3 * megabyte))
    const token = `Authorization: Token ${world.tokens.eva}`
    const made = await curl(
      '-H',
      token,
      '-H',
      'Transfer-Encoding: chunked',
      ...fields,
      '-F',
      `file=@${file}`,
      url,
    )
    assert.equal(made.status, 201, made.body)
  })

  // Sparse: a file of this size costs nothing here, and only the connection has to carry it.
  const rows: [what: string, headers: string[], status: number, body: string][] = [
    ['a wrong form', [], 400, '{"region":["This field is required."]}'],
    ['a wrong form, without waiting', ['Expect:'], 400, '{"region":["This field is required."]}'],
    ['an unknown token', ['Authorization: Token x', 'Expect:'], 401, '{"detail":"Invalid token."}'],
    [
      'an unknown token, while waiting',
      ['Authorization: Token x', 'Expect: 100-continue'],
      401,
      '{"detail":"Invalid token."}',
    ],
    ['another path', ['Expect:'], 405, '{"detail":"Method \\"POST\\" not allowed."}'],
  ]
  for (const [what, headers, status, body] of rows)
    test(`sees why 200 MB are refused: ${what}`, async (t) => {
      if (!hasCurl) return t.skip('curl is not installed')
      const file = join(directory, 'large.raw')
      const handle = await open(file, 'w')
      await handle.truncate(200 * megabyte)
      await handle.close()
      assert.equal((await stat(file)).size, 200 * megabyte)
      const authorization = headers.some((header) => header.startsWith('Authorization'))
        ? []
        : [`Authorization: Token ${world.tokens.eva}`]
      const given = [...authorization, ...headers].flatMap((header) => ['-H', header])
      const where = status === 405 ? `${url}/permissions` : url
      const refused = await curl(...given, ...fields.slice(0, -2), '-F', `file=@${file}`, where)
      assert.deepEqual([refused.exit, refused.status, refused.body], [0, status, body])
      assert.ok(refused.uploaded < 200 * megabyte, `${refused.uploaded} bytes were sent`)
      if (headers.includes('Expect: 100-continue')) assert.equal(refused.uploaded, 0)
      assert.equal((await imagesNamed('large')).length, 0)
    })
})

/** The head of a form, up to where the bytes of its file begin. */
function headOf(name: string, length: number): string {
  const part = (field: string, value: string) =>
    `--b\r\nContent-Disposition: form-data; name="${field}"\r\n\r\n${value}\r\n`
  const form = `${part('name', name)}${part('source', 'file')}${part('disk_format', 'raw')}${part('region', 'ua-central-1')}--b\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n`
  return `POST /backend/api${images} HTTP/1.1\r\nHost: x\r\nAuthorization: Token ${world.tokens.eva}\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: ${form.length + length}\r\n\r\n${form}`
}

const hostname = '127.0.0.1'
const port = () => Number(new URL(world.url).port)

describe('a client that goes away', () => {
  test('leaves a killed image and no bytes', async () => {
    const earlier = await stored()
    const socket = connect(port(), hostname)
    socket.on('error', () => {})
    socket.write(headOf('aborted', 50 * megabyte))
    socket.write(randomBytes(3 * megabyte))
    await until(async () => (await imagesNamed('aborted'))[0]?.status === 'saving')
    socket.destroy()
    await until(async () => (await imagesNamed('aborted'))[0]?.status === 'killed')
    const [image] = await imagesNamed('aborted')
    assert.equal(image.size, null)
    assert.equal(await stored(), earlier)
    await world.expect('DELETE', `${images}/${image.id}`, { as: 'eva' }, 204)
  })

  test('before its file leaves nothing', async () => {
    const socket = connect(port(), hostname)
    socket.on('error', () => {})
    socket.write(headOf('early', 1000).slice(0, -40))
    await new Promise((resolve) => setTimeout(resolve, 50))
    socket.destroy()
    await new Promise((resolve) => setTimeout(resolve, 50))
    assert.deepEqual(await imagesNamed('early'), [])
  })

  test('or ends its form too early hears of it', async () => {
    const socket = connect(port(), hostname)
    const answer = textOf(socket)
    endWhenAnswered(socket)
    // All announced bytes come, but no closing boundary.
    socket.write(headOf('cut', 1000))
    socket.write('x'.repeat(1000))
    await until(async () => (await imagesNamed('cut'))[0]?.status === 'killed')
    const text = await answer
    assert.match(text, /^HTTP\/1\.1 400 /)
    assert.ok(text.endsWith('{"detail":"Image upload was interrupted"}'), text)
  })

  test('an image that is deleted meanwhile', async () => {
    const earlier = await stored()
    const socket = connect(port(), hostname)
    const answer = textOf(socket)
    endWhenAnswered(socket)
    const end = '\r\n--b--\r\n'
    socket.write(headOf('deleted', 1000 + end.length))
    socket.write('x'.repeat(500))
    await until(async () => (await imagesNamed('deleted'))[0]?.status === 'saving')
    const [image] = await imagesNamed('deleted')
    await world.expect('DELETE', `${images}/${image.id}`, { as: 'eva' }, 204)
    socket.write('x'.repeat(500) + end)
    assert.match(await answer, /^HTTP\/1\.1 404 /)
    await until(async () => (await stored()) === earlier)
  })
})

test('a client that sends everything before it listens hears the refusal, too', async () => {
  const socket = connect(port(), hostname)
  const answer = textOf(socket)
  const head = headOf('deaf', 20 * megabyte).replace('Authorization: Token ', 'Authorization: Token no')
  socket.write(head)
  const chunk = Buffer.alloc(megabyte)
  for (let sent = 0; sent < 20; sent++)
    await new Promise<void>((resolve, reject) =>
      socket.write(chunk, (error) => (error ? reject(error) : resolve())),
    )
  socket.end()
  assert.match(await answer, /^HTTP\/1\.1 401 /)
})

function textOf(socket: ReturnType<typeof connect>): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    socket.on('data', (chunk) => {
      text += chunk.toString()
    })
    socket.on('error', reject)
    socket.on('close', () => resolve(text))
  })
}

/** One that ends it before has gone away, and hears nothing. */
function endWhenAnswered(socket: ReturnType<typeof connect>): void {
  socket.once('data', () => socket.end())
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + 10_000
  while (!(await condition())) {
    assert.ok(Date.now() < end, 'it did not happen within 10 seconds')
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
