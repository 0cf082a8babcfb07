import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Actor } from '../catalogue/actor.ts'
import type { Catalogue } from '../catalogue/catalogue.ts'
import type { Exhibit, Question } from './exhibit.ts'

/** What main.ts hands to every face. */
export type Parts = {
  readonly catalogue: Catalogue
  /** Origin for absolute links: IMAGEPORT_PUBLIC_URL, or as the request (through trusted proxies) says. */
  readonly origin: (request: FastifyRequest) => string
  /** What faces tell of this installation. */
  readonly installation: { readonly version: string }
  /** OneCloudPlanet feature switches that are turned off (onecloudplanet.md 1.10). */
  readonly featuresOff: ReadonlySet<string>
  /** How each of the systems sees an image; faces do not know each other. */
  readonly exhibits: (question: Question) => Promise<readonly Exhibit[]>
}

/** A face: a Fastify plugin, and the territory in which it words the answer to an unknown path. */
export type Face<P extends Parts = Parts> = {
  readonly name: string
  readonly routes: (app: FastifyInstance, parts: P) => Promise<void>
  /** Is this path (without query) in the face's territory? Asked only for paths that no route has. */
  readonly owns: (path: string) => boolean
  readonly notFound: (request: FastifyRequest, reply: FastifyReply) => unknown
  /** How the system that this face speaks for sees an image. */
  readonly exhibit?: (parts: P, question: Question) => Promise<Exhibit>
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by the face's auth.ts before a handler runs. */
    actor: Actor
  }
}
