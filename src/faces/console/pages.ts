import { existsSync } from 'node:fs'
import { join } from 'node:path'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

/**
 * The built web console, below `/ui/`: files whose names tell their content are kept by browsers for ever, the page that
 * names them is asked for each time.
 */

/** Everything comes from here, nothing is written into the page, and nobody may put it into a frame. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

const headers = {
  'content-security-policy': policy,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
}

export function isBuilt(directory: string): boolean {
  return existsSync(join(directory, 'index.html'))
}

/**
 * @param directory what `vite build` wrote
 * @param refuse answers for what is neither a file nor a page
 */
export async function pageRoutes(
  app: FastifyInstance,
  directory: string,
  refuse: (request: FastifyRequest, reply: FastifyReply) => FastifyReply,
): Promise<void> {
  await app.register(fastifyStatic, {
    root: directory,
    prefix: '/ui/',
    // Routes for the files that there are; everything else is a page of the console.
    wildcard: false,
    preCompressed: true,
    cacheControl: false,
    setHeaders: (reply, path) => {
      for (const [name, value] of Object.entries(headers)) reply.header(name, value)
      const isNamedByContent = path.startsWith(join(directory, 'assets'))
      reply.header('cache-control', isNamedByContent ? 'public, max-age=31536000, immutable' : 'no-cache')
    },
  })
  // Every address of the console is the same page, which looks at the address itself.
  app.get('/ui/*', { config: { hidden: true } }, async (request, reply) =>
    wantsPage(request) ? reply.sendFile('index.html') : refuse(request, reply),
  )
}

/** Does a browser ask for a page of the console, and not for a file or the API? */
function wantsPage({ url, headers: { accept = '' } }: FastifyRequest): boolean {
  return !url.startsWith('/ui/api/') && !url.startsWith('/ui/assets/') && accept.includes('text/html')
}
