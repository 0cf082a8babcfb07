/** The baseline of requests: Node's own HTTP server with ready answers, and nothing else. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Answers by path; the bodies are base64. */
export type Answers = Readonly<Record<string, { readonly headers: readonly string[]; readonly body: string }>>

process.on('message', (answers: Answers) => {
  const ready = new Map(
    Object.entries(answers).map(([path, { headers, body }]) => [
      path,
      { headers: [...headers], body: Buffer.from(body, 'base64') },
    ]),
  )
  const server = createServer((request, response) => {
    const answer = ready.get(request.url!)
    if (answer === undefined) response.writeHead(404).end()
    else response.writeHead(200, answer.headers).end(answer.body)
  })
  server.listen(0, '127.0.0.1', () => process.send!({ port: (server.address() as AddressInfo).port }))
})
process.on('disconnect', () => process.exit())
