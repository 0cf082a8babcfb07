import { isFailure } from '../../catalogue/failure.ts'
import type { Image } from '../../catalogue/images/image.ts'
import type { Scope } from '../../catalogue/images/list.ts'
import { activeProject } from './client.ts'
import { settableVisibilities } from './description.ts'
import { badFields, noProject, refuse } from './failures.ts'
import { wireImages } from './images.ts'
import { permissionsOf } from './permissions.ts'
import { type Context, ok, type Route } from './route.ts'
import * as vocabulary from './vocabulary.ts'

/** The fixed words beside `{id}`: 2.11, 2.12. */

async function createOptions(context: Context) {
  const { parts, caller } = context
  const { settings } = await activeProject(context)
  const regions = (await parts.catalogue.locations.all()).filter(({ enabled }) => enabled)
  const selected = regions.find(({ isDefault }) => isDefault) ?? regions[0]
  return ok({
    regions: regions.map(({ name, description }) => ({ id: name, description })),
    container_formats: vocabulary.containerFormats,
    disk_formats: vocabulary.diskFormats,
    visibilities: settableVisibilities(caller, parts.featuresOff),
    os_distros: vocabulary.osDistros,
    selected_region: selected?.name ?? '',
    hypervisor_types: vocabulary.hypervisorTypes,
    statuses: vocabulary.statuses,
    cleanup_enabled: settings.cleanup.enabled,
    cleanup_days: settings.cleanup.days,
    cleanup_formats: settings.cleanup.formats,
    allowed_formats: vocabulary.allowedFormats,
    architectures: vocabulary.architectures,
  })
}

async function permissions({ actor, parts }: Context) {
  return ok(permissionsOf(actor, parts.featuresOff))
}

async function filterOptions() {
  return ok(vocabulary.filterOptions)
}

/** There is no price list: "emit an empty text". */
async function price({ query }: Context) {
  const missing = ['disk_format', 'region', 'visibility'].filter((name) => !query.get(name))
  if (missing.length > 0)
    throw badFields(Object.fromEntries(missing.map((name) => [name, ['This field is required.']])))
  return ok({ estimated_cost_display: '' })
}

const pageSize = 500

async function snapshotsForInstance({ parts, actor, caller, query }: Context) {
  const { instances, images } = parts.catalogue
  const id = query.get('instance_uuid')
  if (!id) throw badFields({ instance_uuid: ['This field is required.'] })
  const instance = await instances.view(actor, id).catch((error) => {
    throw isFailure(error, 'not-found')
      ? refuse(404, 'Cannot get snapshots for non existing instance.')
      : error
  })
  const scopes: Scope[] = [caller.staff ? { everything: true } : { own: actor.projectId! }]
  const filter = { field: 'instanceUuid', is: 'eq', value: instance.uuid } as const
  const order = [{ field: 'createdAt', descending: true }, { field: 'uuid' }]
  const found: Image[] = []
  for (;;) {
    const page = await images.list(actor, { scopes, filter, order, offset: found.length, limit: pageSize })
    found.push(...page)
    if (page.length < pageSize) break
  }
  return ok({
    objects: await wireImages(parts, found),
    volume_snapshots_count: found.filter(({ volumeSnapshotUuid }) => volumeSnapshotUuid !== null).length,
  })
}

const images = '/openstack/images'

export const optionRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: `${images}/create_options`,
    permission: 'images.create',
    withoutClient: noProject,
    summary: 'What can be chosen when an image is created',
    handle: createOptions,
  },
  {
    method: 'GET',
    path: `${images}/permissions`,
    summary: 'What the caller may do with images',
    handle: permissions,
  },
  {
    method: 'GET',
    path: `${images}/get_price`,
    permission: 'images.create',
    summary: 'The estimated cost of an image',
    handle: price,
  },
  {
    method: 'GET',
    path: `${images}/get_snapshots_for_instance`,
    permission: 'images.list',
    withoutClient: () => refuse(409, 'Client does not have any project.'),
    summary: 'Images that were made from an instance',
    handle: snapshotsForInstance,
  },
  {
    method: 'GET',
    path: `${images}/filter_options`,
    permission: 'images.list',
    summary: 'Values that lists can be filtered by',
    handle: filterOptions,
  },
]
