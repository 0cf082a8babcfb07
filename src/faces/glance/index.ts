import type { Face, Parts } from '../../http/face.ts'
import { actionRoutes } from './actions.ts'
import { createRoutes } from './create.ts'
import { dataRoutes } from './data.ts'
import { exhibit } from './exhibit.ts'
import { imageRoutes } from './images.ts'
import { importRoutes } from './import.ts'
import { infoRoutes } from './info.ts'
import { listRoutes } from './list/list.ts'
import { locationRoutes } from './locations.ts'
import { memberRoutes } from './members.ts'
import { metadefRoutes } from './metadefs/routes.ts'
import { patchRoutes } from './patch/patch.ts'
import { answerUnrouted, type GlanceOptions, type Route, register, sendVersions } from './route.ts'
import { schemaRoutes } from './schemas/routes.ts'
import { stageRoutes } from './stage.ts'
import { storeRoutes } from './stores.ts'
import { tagRoutes } from './tags.ts'
import { taskRoutes } from './tasks.ts'

/** Below `/v2` (glance.md), in every installation. */
const usualRoutes: readonly Route[] = [
  ...listRoutes,
  ...createRoutes,
  ...imageRoutes,
  ...patchRoutes,
  ...tagRoutes,
  ...memberRoutes,
  ...actionRoutes,
  ...dataRoutes,
  ...stageRoutes,
  ...importRoutes,
  ...taskRoutes,
  ...storeRoutes,
  ...infoRoutes,
  ...schemaRoutes,
  ...metadefRoutes,
]

/**
 * OpenStack Images v2. The last face to be asked: a path that nobody owns names a version that there is not
 * (one-catalogue.md section 1).
 */
export function glanceFace(options: GlanceOptions): Face {
  const routes = options.locations ? [...usualRoutes, ...locationRoutes] : usualRoutes
  let own: Parts | undefined
  return {
    name: 'glance',
    async routes(app, parts) {
      own = parts
      register(app, parts, options, routes)
      const everyMethod = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const
      // Bodies are nobody's concern here.
      const open = { config: { readsBody: true, open: true, hidden: true } } as const
      for (const [url, status] of [
        ['/', 300],
        ['/versions', 200],
      ] as const)
        app.route({
          ...open,
          method: [...everyMethod],
          url,
          handler: async (request, reply) =>
            // A person who looks at the address in a browser wants to see something (one-catalogue.md section 1).
            url === '/' && /\btext\/html\b/.test(request.headers.accept ?? '')
              ? reply.redirect('/ui/')
              : sendVersions(reply, parts, options, request, status),
        })
      app.get('/healthcheck', open, async (_request, reply) =>
        reply.header('content-type', 'text/plain; charset=UTF-8').send(Buffer.from('OK')),
      )
    },
    owns: () => true,
    exhibit: (parts, question) => exhibit(parts, options, question),
    notFound: (request, reply) => answerUnrouted(own!, options, routes, request, reply),
  }
}
