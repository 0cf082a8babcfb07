import type { FastifyContextConfig, FastifyInstance } from 'fastify'
import type { z } from 'zod'

/** One answer of a route: what it means, or that and what it looks like. */
export type RouteAnswer =
  | string
  | {
      readonly text: string
      readonly body?: z.ZodType
      /** Media type. Default `application/json`. */
      readonly type?: string
    }

declare module 'fastify' {
  /** What a route says of itself for `/openapi.json`; all of it may be missing. */
  interface FastifyContextConfig {
    readonly face?: string
    readonly summary?: string
    readonly tags?: readonly string[]
    readonly query?: z.ZodObject
    /** Schema of a JSON body, or the media type of a raw one, such as `application/octet-stream`. */
    readonly body?: z.ZodType | string
    /** Status → answer. */
    readonly answers?: Readonly<Record<number, RouteAnswer>>
    /** May it be called without credentials? */
    readonly open?: boolean
    /** Is it left out of the document? */
    readonly hidden?: boolean
  }
  interface FastifyInstance {
    /** Every route of every face. */
    routeTable: readonly ListedRoute[]
  }
}

export type ListedRoute = {
  readonly methods: readonly string[]
  /** In the router's notation: `/v2/images/:id`. */
  readonly url: string
  readonly config: FastifyContextConfig
}

/** Collects the routes as they are added; called before the first one. */
export function collectRoutes(app: FastifyInstance): readonly ListedRoute[] {
  const routes: ListedRoute[] = []
  app.addHook('onRoute', (route) => {
    routes.push({
      methods: [route.method].flat(),
      url: route.url,
      // Later hooks, which replace the config, add to it.
      get config() {
        return route.config ?? {}
      },
    })
  })
  return routes
}
