import type { Face } from '../../http/face.ts'
import { loginLimit } from '../../http/login-limit.ts'
import { channelRoutes } from './channels.ts'
import { exhibit } from './exhibit.ts'
import { fileRoutes } from './file.ts'
import { iconRoutes } from './icon.ts'
import { imageRoutes } from './images.ts'
import { type Route, register, send, unroutable } from './route.ts'
import { serverRoutes } from './server.ts'

export type ImgapiOptions = {
  /** IMAGEPORT_IMGAPI_CHANNELS; the first is the default. */
  readonly channels?: readonly string[]
  /** IMAGEPORT_IMGAPI_PRIVATE: addresses and CIDRs. */
  readonly privateNetworks?: readonly string[]
}

const routes: readonly Route[] = [
  ...serverRoutes,
  ...channelRoutes,
  ...imageRoutes,
  ...fileRoutes,
  ...iconRoutes,
]

const refusalOf = unroutable(routes)

/** The image repository protocol of SmartOS and Triton, at the root (danube.md section 7). */
export function imgapiFace({ channels = [], privateNetworks = [] }: ImgapiOptions = {}): Face {
  return {
    name: 'imgapi',
    routes: async (app, parts) =>
      register(app, parts, { logins: loginLimit(), privateNetworks, repository: { channels } }, routes),
    owns: (path) => /^\/(?:images|channels|ping|state|authkeys)(?:\/|$)/.test(path),
    notFound: (request, reply) => send(reply, refusalOf(request.method, request.url)),
    exhibit: (parts, question) => exhibit(parts, { channels }, question),
  }
}
