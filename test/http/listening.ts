import { once } from 'node:events'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { Writable } from 'node:stream'
import type { TestContext } from 'node:test'
import type { FastifyInstance } from 'fastify'
import { pino } from 'pino'
import type { Face, Parts } from '../../src/http/face.ts'
import { createServer, type ServerOptions } from '../../src/http/server.ts'

export type Line = Readonly<Record<string, unknown>>

export type Listening = {
  readonly url: string
  readonly port: number
  readonly app: FastifyInstance
  /** Log lines so far. */
  readonly lines: readonly Line[]
  /** The first line that fits, waiting for it if need be. */
  line(fits: (line: Line) => boolean): Promise<Line>
  /** A bare connection, closed after the test. */
  connect(): Promise<Connection>
}

export type Connection = {
  readonly socket: Socket
  readonly text: () => string
  /** Everything received until the other side closes. */
  readonly ended: Promise<string>
  /** Waits until the text received so far fits. */
  until(fits: RegExp): Promise<string>
}

/** A face from its routes; `origin` is at hand for them. */
export function faceOf(name: string, routes: Face['routes'], more: Partial<Face> = {}): Face {
  return {
    name,
    routes,
    owns: (path) => path.startsWith(`/${name}`),
    notFound: (_request, reply) => reply.code(404).send({ face: name }),
    ...more,
  }
}

/** A listening server without a catalogue, for the length of a test. */
export async function listening(
  t: TestContext,
  faces: readonly Face[],
  options: Partial<ServerOptions> = {},
  host = '127.0.0.1',
): Promise<Listening> {
  const lines: Line[] = []
  const waiters = new Set<() => void>()
  const stream = new Writable({
    write(chunk, _encoding, done) {
      lines.push(JSON.parse(String(chunk)))
      for (const wake of waiters) wake()
      done()
    },
  })
  // The faces of these tests do not touch the catalogue.
  const parts = { installation: { version: '1.2.3' }, featuresOff: new Set() } as unknown as Parts
  const app = await createServer(faces, parts, {
    logger: pino({ level: 'info', base: null }, stream),
    trustedProxies: [],
    publicUrl: null,
    idleSeconds: 20,
    ...options,
  })
  await app.listen({ host, port: 0 })
  const sockets = new Set<Socket>()
  t.after(async () => {
    for (const socket of sockets) socket.destroy()
    app.server.closeAllConnections()
    await app.close()
  })
  const { port } = app.server.address() as AddressInfo
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`,
    port,
    app,
    lines,
    async line(fits) {
      for (;;) {
        const found = lines.find(fits)
        if (found) return found
        await new Promise<void>((resolve, reject) => {
          const late = setTimeout(() => reject(new Error(`no such line in ${JSON.stringify(lines)}`)), 5000)
          waiters.add(() => {
            clearTimeout(late)
            resolve()
          })
        })
      }
    },
    async connect() {
      const socket = connect({ host, port })
      sockets.add(socket)
      socket.on('error', () => {})
      await once(socket, 'connect')
      return watched(socket)
    },
  }
}

function watched(socket: Socket): Connection {
  let text = ''
  let wake = () => {}
  socket.setEncoding('latin1')
  socket.on('data', (chunk) => {
    text += chunk
    wake()
  })
  const ended = new Promise<string>((resolve) => socket.once('close', () => resolve(text)))
  return {
    socket,
    text: () => text,
    ended,
    async until(fits) {
      while (!fits.test(text)) {
        const closed = ended.then(() => {
          if (!fits.test(text))
            throw new Error(`the connection was closed before ${fits}: ${text.slice(0, 300)}`)
        })
        const more = new Promise<void>((resolve) => {
          wake = resolve
        })
        await Promise.race([more, closed])
      }
      return text
    },
  }
}
