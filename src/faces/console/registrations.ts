import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Actor } from '../../catalogue/actor.ts'
import type { Catalogue } from '../../catalogue/catalogue.ts'
import type { Registration } from '../../catalogue/places/registrations/registration.ts'
import type { ParentKind, RegistrationScope } from '../../catalogue/places/registrations/scope.ts'
import { read } from './input.ts'
import { numberOf, placeIdOf, registrationPatch, registrationQuery } from './place-input.ts'
import { containing, toOrder } from './place-search.ts'
import { toWireTemplate } from './place-shapes.ts'
import { told } from './place-words.ts'
import type { WireTemplate, WireTemplateList } from './wire-places.ts'

/** Of what registrations are listed, and the folder of each. They are written below their compute resource only. */
const parents = [
  ['compute-resources', 'compute-resource'],
  ['operating-systems', 'operating-system'],
  ['architectures', 'architecture'],
] as const

/** Templates on compute resources: what Foreman calls images. */
export async function registrationRoutes(app: FastifyInstance, catalogue: Catalogue): Promise<void> {
  const { registrations } = catalogue
  const registered = '/compute-resources/:id/registrations'

  for (const [folder, kind] of parents) {
    app.get(`/${folder}/:id/registrations`, async (request): Promise<WireTemplateList> => {
      const { actor } = request
      const asked = read(registrationQuery, request.query)
      const scope: RegistrationScope = {
        ...scopeOf(request, kind),
        computeResourceId: asked.computeResource,
        operatingSystemId: asked.operatingSystem,
        architectureId: asked.architecture,
      }
      const filter = containing(asked.search, ['name', 'username'])
      // By the index of the column as it is: of these there can be very many.
      const order = toOrder(asked.sort, { caseless: false })
      const [found, total] = await Promise.all([
        registrations.list(actor, { ...scope, filter, order, offset: asked.offset, limit: asked.limit }),
        registrations.count(actor, { ...scope, filter }),
      ])
      return { registrations: await shown(actor, scope, found), total }
    })
  }

  app.post(registered, async (request, reply): Promise<WireTemplate> => {
    const scope = scopeOf(request)
    const made = await told(registrations.create(request.actor, scope, read(registrationPatch, request.body)))
    reply.code(201)
    return one(request.actor, scope, made)
  })

  app.get(`${registered}/:registration`, async (request) => {
    const scope = scopeOf(request)
    return one(request.actor, scope, await registrations.view(request.actor, scope, registrationOf(request)))
  })

  app.patch(`${registered}/:registration`, async (request) => {
    const { actor } = request
    const scope = scopeOf(request)
    const patch = read(registrationPatch, request.body)
    return one(actor, scope, await told(registrations.change(actor, scope, registrationOf(request), patch)))
  })

  /** Without the record, which would hold the password. */
  app.delete(`${registered}/:registration`, async (request, reply) => {
    await told(registrations.remove(request.actor, scopeOf(request), registrationOf(request)))
    return reply.code(204).send()
  })

  async function one(actor: Actor, scope: RegistrationScope, found: Registration): Promise<WireTemplate> {
    const [template] = await shown(actor, scope, [found])
    return template!
  }

  async function shown(
    actor: Actor,
    scope: RegistrationScope,
    found: readonly Registration[],
  ): Promise<WireTemplate[]> {
    const allowed = await registrations.allowed(actor, scope, found)
    return found.map((registration) => toWireTemplate(registration, allowed.get(registration.id)!))
  }
}

function scopeOf(request: FastifyRequest, kind: ParentKind = 'compute-resource'): RegistrationScope {
  return { parent: { kind, id: placeIdOf(request) } }
}

const registrationOf = (request: FastifyRequest): number =>
  numberOf((request.params as { registration: string }).registration)
