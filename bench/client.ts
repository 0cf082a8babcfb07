import { type IncomingMessage, request } from 'node:http'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { finished, pipeline } from 'node:stream/promises'
import { streamOf } from './content.ts'
import { type Installation, region, type Server } from './installation.ts'
import { start } from './processes.ts'

/** What the benchmark does with images on the OneCloudPlanet wire. */

export const imagesPath = '/backend/api/openstack/images'

/** The fields of an upload; the file follows them. */
export function uploadFields(name: string): readonly (readonly [name: string, value: string])[] {
  return [
    ['name', name],
    ['source', 'file'],
    ['disk_format', 'raw'],
    ['region', region],
  ]
}

export type Transfer = { readonly seconds: number; readonly body: string }

/**
 * One transfer by curl, the client that people use.
 * @throws when the answer has another status, or fewer bytes than expected
 */
export async function curl(
  args: readonly string[],
  expected: { readonly status: number; readonly bytes?: number },
): Promise<Transfer> {
  const format = '\n%{http_code} %{size_download} %{time_total}'
  const child = start('curl', ['--silent', '--show-error', '--write-out', format, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const output = await new Promise<string>((resolve, reject) => {
    child.once('error', reject)
    text(child.stdout!).then(resolve, reject)
  })
  const end = output.lastIndexOf('\n')
  const [status, bytes, seconds] = output
    .slice(end + 1)
    .split(' ')
    .map(Number)
  const body = output.slice(0, Math.max(0, end))
  if (status !== expected.status || (expected.bytes !== undefined && bytes !== expected.bytes))
    throw new Error(`curl got status ${status} and ${bytes} bytes: ${body.slice(0, 500)}`)
  return { seconds: seconds!, body }
}

/** Is curl there? */
export function hasCurl(): Promise<boolean> {
  return new Promise((resolve) => {
    const child = start('curl', ['--version'], { stdio: 'ignore' })
    child.once('error', () => resolve(false))
    child.once('exit', (code) => resolve(code === 0))
  })
}

/** Uploads the n-th generated stream and returns the id of the image. */
export async function uploadStream(
  server: Server,
  { authorization }: Installation,
  n: number,
  bytes: number,
): Promise<string> {
  const boundary = 'imageport-bench-boundary'
  const part = (head: string) => `--${boundary}\r\nContent-Disposition: form-data; ${head}`
  const fields = uploadFields(`stream ${n}`).map(
    ([name, value]) => `${part(`name="${name}"`)}\r\n\r\n${value}\r\n`,
  )
  const file = 'Content-Type: application/octet-stream'
  const before = Buffer.from(
    `${fields.join('')}${part('name="file"; filename="disk.raw"')}\r\n${file}\r\n\r\n`,
  )
  const after = Buffer.from(`\r\n--${boundary}--\r\n`)
  const sending = request(server.url + imagesPath, {
    method: 'POST',
    headers: {
      authorization,
      'content-type': `multipart/form-data; boundary=${boundary}`,
      'content-length': before.length + bytes + after.length,
    },
  })
  const answered = answerOf(sending)
  const body = function* () {
    yield before
    yield* streamOf(n, bytes)
    yield after
  }
  await pipeline(Readable.from(body(), { objectMode: false }), sending)
  const response = await answered
  const answer = await text(response)
  if (response.statusCode !== 201) throw new Error(`an upload was answered ${response.statusCode}: ${answer}`)
  return (JSON.parse(answer) as { id: string }).id
}

/** Downloads an image and drops its bytes; returns how many there were. */
export async function downloadAway(
  server: Server,
  { authorization }: Installation,
  id: string,
): Promise<number> {
  const sending = request(`${server.url}${imagesPath}/${id}/download`, { headers: { authorization } })
  const answered = answerOf(sending)
  sending.end()
  const response = await answered
  if (response.statusCode !== 200) throw new Error(`a download was answered ${response.statusCode}`)
  let bytes = 0
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.length
  })
  await finished(response)
  return bytes
}

export async function remove(server: Server, { authorization }: Installation, id: string): Promise<void> {
  const path = `${server.url}${imagesPath}/${id}`
  const response = await fetch(path, { method: 'DELETE', headers: { authorization } })
  if (response.status !== 204) throw new Error(`a deletion was answered ${response.status}`)
}

function answerOf(sending: ReturnType<typeof request>): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    sending.once('response', resolve)
    sending.once('error', reject)
  })
}
