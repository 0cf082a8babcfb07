import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'

export type FileServer = {
  /** Origin, without a slash at its end. */
  readonly url: string
  /** Path → what is there, or what answers in its place. */
  readonly files: Map<string, Uint8Array | RequestListener>
  /** What it was asked for, as `GET /path bytes=0-9`. */
  readonly requests: string[]
  close(): Promise<void>
}

/** Another server with files on a free loopback port: it knows single ranges, and nothing of what it serves. */
export async function fileServer(): Promise<FileServer> {
  const files: FileServer['files'] = new Map()
  const requests: string[] = []
  const server = createServer((request, response) => {
    const path = request.url!.split('?', 1)[0]!
    const { range } = request.headers
    requests.push([request.method, request.url, range].filter(Boolean).join(' '))
    const file = files.get(path)
    if (file === undefined) return void response.writeHead(404).end()
    if (typeof file === 'function') return file(request, response)
    const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(range ?? '') ?? []
    if (from === undefined) return void response.writeHead(200, { 'content-length': file.length }).end(file)
    const last = to ? Math.min(Number(to), file.length - 1) : file.length - 1
    if (Number(from) > last)
      return void response.writeHead(416, { 'content-range': `bytes */${file.length}` }).end()
    const piece = file.subarray(Number(from), last + 1)
    const place = `bytes ${from}-${last}/${file.length}`
    response.writeHead(206, { 'content-length': piece.length, 'content-range': place }).end(piece)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    files,
    requests,
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
