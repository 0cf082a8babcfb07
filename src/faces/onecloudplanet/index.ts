import type { Face } from '../../http/face.ts'
import { actionRoutes } from './actions.ts'
import { createRoutes } from './create.ts'
import { directoryRoutes } from './directory.ts'
import { notFound } from './failures.ts'
import { imageRoutes } from './images.ts'
import { instanceRoutes } from './instances.ts'
import { memberRoutes } from './members.ts'
import { optionRoutes } from './options.ts'
import { type Route, register, send } from './route.ts'
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

export const onecloudplanet: Face = {
  name: 'onecloudplanet',
  routes: async (app, parts) => register(app, parts, routes),
  owns: (path) => path === '/backend' || path.startsWith('/backend/'),
  notFound: (_request, reply) => send(reply, notFound()),
}
