import type { Face, Parts } from '../../http/face.ts'
import { actionRoutes } from './actions.ts'
import { createRoutes } from './create.ts'
import { dataRoutes } from './data.ts'
import { imageRoutes } from './images.ts'
import { listRoutes } from './list/list.ts'
import { memberRoutes } from './members.ts'
import { patchRoutes } from './patch/patch.ts'
import { answerUnrouted, type GlanceOptions, type Route, register, sendVersions } from './route.ts'
import { tagRoutes } from './tags.ts'

/** Everything below `/v2` (glance.md). */
const routes: readonly Route[] = [
  ...listRoutes,
  ...createRoutes,
  ...imageRoutes,
  ...patchRoutes,
  ...tagRoutes,
  ...memberRoutes,
  ...actionRoutes,
  ...dataRoutes,
]

/**
 * OpenStack Images v2. The last face to be asked: a path that nobody owns names a version that there is not
 * (one-catalogue.md section 1).
 */
export function glanceFace(options: GlanceOptions): Face {
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
          handler: async (request, reply) => sendVersions(reply, parts, options, request, status),
        })
      app.get('/healthcheck', open, async (_request, reply) =>
        reply.header('content-type', 'text/plain; charset=UTF-8').send(Buffer.from('OK')),
      )
    },
    owns: () => true,
    notFound: (request, reply) => answerUnrouted(own!, options, routes, request, reply),
  }
}
