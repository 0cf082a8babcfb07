import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { answerTo } from './answer.ts'
import { checksum } from './checksum.ts'
import { preferredFormat } from './negotiate.ts'

/** Nothing but the own stylesheet: the pages need no script, picture, form or frame. */
const policy =
  "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

/** Serves the documentation (foreman.md section 11). It needs no credentials, and nothing in a request changes it. */
export function apidocRoutes(app: FastifyInstance): void {
  const config = { open: true, tags: ['Foreman'] }
  const routes: readonly [url: string, summary: string | null][] = [
    ['/apidoc', 'The documentation of the Foreman API'],
    ['/apidoc.json', null],
    ['/apidoc.html', null],
    ['/apidoc/*', 'Its parts, languages and checksum'],
  ]
  for (const [url, summary] of routes)
    app.get(url, { config: summary === null ? { ...config, hidden: true } : { ...config, summary } }, answer)
}

function answer(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { status, type, body, etag, negotiated, keep } = answerTo(
    request.url.split('?', 1)[0]!,
    preferredFormat(request.headers.accept),
  )
  reply.code(status).headers({
    'apipie-checksum': checksum,
    'cache-control': keep > 0 ? `public, max-age=${keep}, immutable` : 'no-cache',
    'x-content-type-options': 'nosniff',
    ...(negotiated ? { vary: 'Accept' } : {}),
    ...(type.startsWith('text/html')
      ? { 'content-security-policy': policy, 'referrer-policy': 'no-referrer' }
      : {}),
  })
  if (status === 404) return reply.type(type).send(body)
  reply.header('etag', etag)
  if (matches(request.headers['if-none-match'], etag)) return reply.code(304).send()
  return reply.type(type).send(body)
}

function matches(header = '', etag: string): boolean {
  const strong = (tag: string) => tag.trim().replace(/^W\//, '')
  return header.split(',').some((tag) => strong(tag) === strong(etag))
}
