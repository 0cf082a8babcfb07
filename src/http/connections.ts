import { randomUUID } from 'node:crypto'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyBaseLogger } from 'fastify'

/** Every answer and every log line carries one; they are ours alone, so that nobody can make two look like one. */
export function newRequestId(): string {
  return `req-${randomUUID()}`
}

export type Connections = {
  /** From now on every connection that answers is closed behind the answer. */
  drain(): void
}

/**
 * What happens to connections beside their requests: silent ones are cut, broken requests get an answer, and those
 * that have nothing left to do are closed when the server stops.
 */
export function watchConnections(server: Server, log: FastifyBaseLogger): Connections {
  const latest = new WeakMap<Socket, ServerResponse>()
  const underWay = new Set<ServerResponse>()
  let draining = false

  const watch = ({ socket }: IncomingMessage, response: ServerResponse) => {
    latest.set(socket, response)
    underWay.add(response)
    if (draining) response.setHeader('connection', 'close')
    response.once('close', () => {
      underWay.delete(response)
      // The client was not told: its headers were on their way before. Left alone, Node would keep the connection
      // until its keep-alive time is over.
      if (draining && latest.get(socket) === response) socket.destroySoon()
    })
  }
  server.prependListener('request', watch)
  server.prependListener('checkContinue', watch)
  // RFC 9110 section 10.1.1 lets a server ignore expectations it does not know; refusing them helps nobody.
  server.on('checkExpectation', (request, response) => server.emit('request', request, response))

  server.on('timeout', (socket) => {
    const response = latest.get(socket)
    if (!response || !waitsForUs(response)) {
      socket.destroy()
      return
    }
    // Without this the clock would stand still until the next byte, which may never come.
    socket.setTimeout(socket.timeout ?? 0)
  })

  server.on('clientError', (error: NodeJS.ErrnoException, stream) => {
    // Node calls it a Duplex because of TLS, which is not ours.
    const socket = stream as Socket
    // Bytes of an answer are on their way already: more of them would look like a part of it.
    const response = latest.get(socket)
    const answering = response?.headersSent && !response.writableFinished
    if (error.code === 'ECONNRESET' || !socket.writable || answering) {
      socket.destroy()
      return
    }
    const { status, reason, message } = refusals[error.code ?? ''] ?? badRequest
    const reqId = newRequestId()
    log.info({ reqId, status, code: error.code, address: socket.remoteAddress }, 'request refused')
    const body = JSON.stringify({ error: message })
    const head = [
      `HTTP/1.1 ${status} ${reason}`,
      'Connection: close',
      'Content-Type: application/json',
      `Content-Length: ${body.length}`,
      `X-Request-Id: ${reqId}`,
    ]
    socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy())
  })

  return {
    drain() {
      draining = true
      for (const response of underWay) if (!response.headersSent) response.setHeader('connection', 'close')
    },
  }
}

/** Is the silence ours? Then the client must not be punished: everything it owes has arrived and been taken. */
function waitsForUs(response: ServerResponse): boolean {
  const { req: request, socket } = response
  if (response.closed || response.writableEnded || !socket) return false
  return socket.writableLength === 0 && (request.complete || request.readableLength > 0)
}

type Refusal = { readonly status: number; readonly reason: string; readonly message: string }

const badRequest: Refusal = {
  status: 400,
  reason: 'Bad Request',
  message: 'The request is not valid HTTP.',
}

const refusals: Readonly<Record<string, Refusal>> = {
  HPE_HEADER_OVERFLOW: {
    status: 431,
    reason: 'Request Header Fields Too Large',
    message: 'The headers of the request are too large.',
  },
  ERR_HTTP_REQUEST_TIMEOUT: {
    status: 408,
    reason: 'Request Timeout',
    message: 'The headers of the request did not arrive in time.',
  },
}
