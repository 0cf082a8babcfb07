import type { Face } from '../../http/face.ts'
import { actionRoutes } from './actions.ts'
import { createRoutes } from './create.ts'
import { directoryRoutes } from './directory.ts'
import { exhibit } from './exhibit.ts'
import { imageRoutes } from './images.ts'
import { instanceRoutes } from './instances.ts'
import { memberRoutes } from './members.ts'
import { optionRoutes } from './options.ts'
import { type Route, register, send, unroutable } from './route.ts'
import { updateRoutes } from './update.ts'

/** Everything of this wire (onecloudplanet.md 2.1 and section 4). */
const routes: readonly Route[] = [
  ...imageRoutes,
  ...createRoutes,
  ...updateRoutes,
  ...optionRoutes,
  ...actionRoutes,
  ...memberRoutes,
  ...directoryRoutes,
  ...instanceRoutes,
]

const refusalOf = unroutable(routes)

export const onecloudplanet: Face = {
  name: 'onecloudplanet',
  routes: async (app, parts) => register(app, parts, routes),
  owns: (path) => path === '/backend' || path.startsWith('/backend/'),
  notFound: (request, reply) => send(reply, refusalOf(request.method, request.url.split('?', 1)[0]!)),
  exhibit,
}
