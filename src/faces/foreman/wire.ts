import type { Registration } from '../../catalogue/places/registrations/registration.ts'
import type { Page, Sort } from './params.ts'

/** Microseconds since 1970 as the catalogue has them. */
type Instant = number

/** `2024-02-22 15:52:47 UTC`: whole seconds, truncated (foreman.md 2.2). */
export function viewTime(instant: Instant): string {
  return `${rawTime(instant).slice(0, 19).replace('T', ' ')} UTC`
}

/** `2024-02-22T15:52:47.631Z`: exactly three digits, in raw records (2.3). */
export function rawTime(instant: Instant): string {
  return new Date(Math.floor(instant / 1000)).toISOString()
}

export type Listed = {
  readonly total: number
  readonly subtotal: number
  readonly page: Page
  /** As it was sent; null when it was not. */
  readonly search: string | null
  readonly sort: Sort
  readonly results: readonly object[]
  /** What the caller may do, where it asked (`include_permissions`). */
  readonly can?: { readonly create: boolean; readonly edit: boolean }
}

/** The list envelope (2.1). For `all`, `per_page` is the total and not the subtotal. */
export function listWire(
  { total, subtotal, page, search, sort, results, can }: Listed,
  name = 'results',
): object {
  return {
    total,
    subtotal,
    page: page.page,
    per_page: page.perPage ?? total,
    search,
    ...(can ? { can_create: can.create, can_edit: can.edit } : {}),
    sort,
    [name]: results,
  }
}

/** Providers that hand user data to a new host (2.2); only EC2 knows roles. */
const userDataProviders: ReadonlySet<string> = new Set(['EC2', 'Ovirt', 'Vmware', 'Openstack'])

/** An image as lists, show, create and update tell it (2.2). */
export function imageWire(image: Registration): object {
  const { provider } = image.computeResource
  return {
    operatingsystem_id: image.operatingSystem.id,
    operatingsystem_name: image.operatingSystem.title,
    compute_resource_id: image.computeResource.id,
    compute_resource_name: image.computeResource.name,
    architecture_id: image.architecture.id,
    architecture_name: image.architecture.name,
    uuid: image.uuid,
    username: image.username,
    created_at: viewTime(image.createdAt),
    updated_at: viewTime(image.updatedAt),
    ...(userDataProviders.has(provider) ? { user_data: image.userData } : {}),
    ...(provider === 'EC2' ? { iam_role: image.iamRole } : {}),
    id: image.id,
    name: image.name,
  }
}

/** The row itself, which only a deletion shows (2.3): it is the one answer with the password. */
export function imageRecord(image: Registration & { readonly password: string | null }): object {
  return {
    id: image.id,
    operatingsystem_id: image.operatingSystem.id,
    compute_resource_id: image.computeResource.id,
    architecture_id: image.architecture.id,
    uuid: image.uuid,
    username: image.username,
    name: image.name,
    created_at: rawTime(image.createdAt),
    updated_at: rawTime(image.updatedAt),
    iam_role: image.iamRole,
    user_data: image.userData,
    password: image.password,
  }
}
