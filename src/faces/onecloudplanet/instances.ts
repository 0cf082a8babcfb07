import { normaliseUuid } from '../../catalogue/images/find.ts'
import type { Instance } from '../../catalogue/places/instances/instances.ts'
import { badFields, notFound } from './failures.ts'
import { form, integer, text } from './fields.ts'
import { type Context, ok, type Route } from './route.ts'

/** The register of instances, which `related_instance` looks into: staff enter them (4.4). */

function toWire({ uuid, hostname, projectId, region }: Instance) {
  return { id: uuid, name: hostname, client: projectId, region }
}

async function put(context: Context) {
  const { parts, actor, param } = context
  if (normaliseUuid(param('id')) === null) throw notFound()
  const fields = form(await context.json())
  const hostname = fields.required('name', text({ longest: 255 }))
  const projectId = fields.required('client', integer)
  const region = fields.required('region', text())
  if (Object.keys(fields.errors).length > 0) throw badFields(fields.errors)
  const facts = {
    hostname: hostname!,
    projectId: Number.isSafeInteger(projectId) ? projectId! : 0,
    region: region!,
  }
  return ok(toWire(await parts.catalogue.instances.register(actor, param('id'), facts)))
}

async function remove({ parts, actor, param }: Context) {
  await parts.catalogue.instances.remove(actor, param('id'))
  return { status: 204 }
}

const path = '/openstack/instances/:id'

export const instanceRoutes: readonly Route[] = [
  { method: 'PUT', path, sides: ['staff'], summary: 'Registers or renames an instance', handle: put },
  {
    method: 'DELETE',
    path,
    sides: ['staff'],
    summary: 'Removes an instance from the register',
    handle: remove,
  },
]
