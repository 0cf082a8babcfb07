import { permitted } from '../../catalogue/access.ts'
import type { Actor } from '../../catalogue/actor.ts'
import type { Permission } from '../../catalogue/roles.ts'
import type { Feature } from './vocabulary.ts'

/** The eight keys of onecloudplanet.md 1.10, in order, and what each stands for in the catalogue. */
const needed = {
  'images.list': 'image.list',
  'images.retrieve': 'image.view',
  'images.create': 'image.create',
  'images.destroy': 'image.delete',
  'images.download': 'image.download',
  'images.update': 'image.update',
  'images.deactivate': 'image.deactivate',
  'images.reactivate': 'image.deactivate',
} as const satisfies Record<string, Permission>

export type WirePermission = keyof typeof needed
const names = Object.keys(needed) as WirePermission[]

/** Switches that force a key to false, besides `openstack.images`, which forces all of them. */
const switches: Partial<Record<WirePermission, Feature>> = {
  'images.create': 'openstack.images.updatecreate',
  'images.update': 'openstack.images.updatecreate',
  'images.download': 'openstack.images.download',
}

/** Does the caller's role in the active client allow it, whatever the switches say? */
export function roleAllows(actor: Actor, permission: WirePermission): boolean {
  return permitted(actor, needed[permission], actor.projectId)
}

export function switchedOff(featuresOff: ReadonlySet<string>, permission: WirePermission): boolean {
  const own = switches[permission]
  return featuresOff.has('openstack.images') || (own !== undefined && featuresOff.has(own))
}

/** What this caller may do with images in general; ownership, protection and state are not looked at here. */
export function permissionsOf(
  actor: Actor,
  featuresOff: ReadonlySet<string>,
): Record<WirePermission, boolean> {
  const may = (name: WirePermission) => roleAllows(actor, name) && !switchedOff(featuresOff, name)
  return Object.fromEntries(names.map((name) => [name, may(name)])) as Record<WirePermission, boolean>
}
