import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { type AddressInfo, createServer as createSocketServer, type Server } from 'node:net'
import type { TestContext } from 'node:test'

export type TestServer = { readonly url: string; readonly port: number; readonly requests: string[] }

/** An HTTP server on a free loopback port for the length of one test; `requests` collects what it was asked. */
export async function serve(
  t: TestContext,
  answer: RequestListener,
  host = '127.0.0.1',
): Promise<TestServer> {
  const requests: string[] = []
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`)
    answer(request, response)
  })
  const port = await listen(t, server, host)
  t.after(() => server.closeAllConnections())
  return { url: `http://${host}:${port}`, port, requests }
}

/** Listens for the length of one test. */
export async function listen(t: TestContext, server: Server, host = '127.0.0.1'): Promise<number> {
  server.listen(0, host)
  await once(server, 'listening')
  t.after(() => server.close())
  return (server.address() as AddressInfo).port
}

/** A loopback port on which nothing listens. */
export async function closedPort(): Promise<number> {
  const server = createSocketServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
