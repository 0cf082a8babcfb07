import type { AuditEntry } from '../../catalogue/audit.ts'
import type { Image } from '../../catalogue/images/image.ts'
import type { Member } from '../../catalogue/images/members.ts'
import type { OpenstackMember } from '../../catalogue/images/openstack-members.ts'
import type { Deed, Provenance } from '../../catalogue/images/provenance.ts'
import type { Registration } from '../../catalogue/places/registrations/registration.ts'
import { iso, toWireHistoryEntry } from './shapes.ts'
import type {
  WireDeed,
  WireImageHistory,
  WireMember,
  WireProvenance,
  WireRegistration,
} from './wire-image.ts'

/** From what the catalogue returns to what wire-image.ts promises. */

const toWireDeed = (deed: Deed | null): WireDeed | null => deed && { ...deed, at: iso(deed.at) }

export function toWireProvenance(
  { made, filled, source, builtOn }: Provenance,
  { instance }: Image,
): WireProvenance {
  return { made: toWireDeed(made), filled: toWireDeed(filled), source, instance, builtOn }
}

export function toWireMember(
  member: OpenstackMember,
  project: Member['project'] | null,
  mayDecide: boolean,
): WireMember {
  return {
    id: member.openstackId,
    project: project && { id: project.id, name: project.name, label: project.label },
    status: member.status,
    mayDecide,
    createdAt: iso(member.createdAt),
    updatedAt: iso(member.updatedAt),
  }
}

export function toWireRegistration(one: Registration): WireRegistration {
  const { id, name, username, computeResource, operatingSystem, architecture, automatic } = one
  return {
    id,
    name,
    username,
    computeResource,
    operatingSystem,
    architecture,
    automatic,
    createdAt: iso(one.createdAt),
    updatedAt: iso(one.updatedAt),
  }
}

/** Ids of projects and users that entries speak of. */
export function mentioned(entries: readonly AuditEntry[]): { projects: number[]; users: number[] } {
  const sides = entries.flatMap(({ before, after }) => [before, after]).filter(isFacts)
  const numbers = (...keys: readonly string[]) =>
    sides.flatMap((facts) => keys.flatMap((key) => facts[key])).filter((value) => typeof value === 'number')
  return { projects: numbers('ownerId', 'projectId', 'projects'), users: numbers('creatorId') }
}

function isFacts(side: unknown): side is Readonly<Record<string, unknown>> {
  return typeof side === 'object' && side !== null
}

export function toWireHistory(
  entries: readonly AuditEntry[],
  projects: ReadonlyMap<number, string>,
  users: ReadonlyMap<number, string>,
): WireImageHistory {
  const named = (names: ReadonlyMap<number, string>) => [...names].map(([id, name]) => ({ id, name }))
  return { entries: entries.map(toWireHistoryEntry), projects: named(projects), users: named(users) }
}
