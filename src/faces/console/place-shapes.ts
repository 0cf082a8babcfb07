import type {
  ComputeResource,
  PlacedComputeResource,
} from '../../catalogue/places/compute-resources/resource.ts'
import type { Registration } from '../../catalogue/places/registrations/registration.ts'
import type { Architecture, DescribedArchitecture } from '../../catalogue/places/systems/architectures.ts'
import type { DescribedSystem } from '../../catalogue/places/systems/system.ts'
import type { TreeName } from '../../catalogue/places/trees/tree.ts'
import type { Permission } from '../../catalogue/roles.ts'
import { toWireRegistration } from './image-shapes.ts'
import { iso } from './shapes.ts'
import type {
  WireArchitecture,
  WireArchitectureDetail,
  WireComputeResource,
  WireComputeResourceDetail,
  WireOperatingSystem,
  WirePlace,
  WireTemplate,
} from './wire-places.ts'

/** From what the catalogue returns to what wire-places.ts promises. */

const datesOf = ({ createdAt, updatedAt }: { readonly createdAt: number; readonly updatedAt: number }) => ({
  createdAt: iso(createdAt),
  updatedAt: iso(updatedAt),
})

export const toWirePlace = ({ id, name, title }: TreeName): WirePlace => ({ id, name, title })

export function toWireComputeResource(one: ComputeResource): WireComputeResource {
  const { id, name, provider, url, description, username, hasPassword } = one
  return { id, name, provider, url, description, username, hasPassword, ...datesOf(one) }
}

export function toWireComputeResourceDetail(
  one: PlacedComputeResource,
  allowed: ReadonlySet<Permission>,
): WireComputeResourceDetail {
  return {
    ...toWireComputeResource(one),
    attributes: one.attributes as WireComputeResourceDetail['attributes'],
    projects: one.organizations.map(toWirePlace),
    locations: one.locations.map(toWirePlace),
    allowed: [...allowed],
  }
}

export function toWireTemplate(one: Registration, allowed: ReadonlySet<Permission>): WireTemplate {
  const { uuid, hasPassword, userData, iamRole } = one
  return {
    ...toWireRegistration(one),
    uuid,
    hasPassword,
    userData,
    iamRole,
    hasImage: allowed.has('image.view'),
    allowed: (['registration.update', 'registration.delete'] as const).filter((deed) => allowed.has(deed)),
  }
}

export function toWireSystem(one: DescribedSystem): WireOperatingSystem {
  const { id, name, major, minor, description, family, releaseName, passwordHash, title } = one
  return {
    ...{ id, name, major, minor, description, family, releaseName, passwordHash, title },
    architectures: one.architectures.map((architecture) => ({
      id: architecture.id,
      name: architecture.name,
    })),
    ...datesOf(one),
  }
}

export function toWireArchitecture(one: Architecture, operatingSystems: number): WireArchitecture {
  return { id: one.id, name: one.name, operatingSystems, ...datesOf(one) }
}

export function toWireArchitectureDetail(one: DescribedArchitecture): WireArchitectureDetail {
  return {
    id: one.id,
    name: one.name,
    operatingSystems: one.operatingSystems.map(({ id, title }) => ({ id, title })),
    ...datesOf(one),
  }
}
