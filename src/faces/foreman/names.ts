import type { TreeName } from '../../catalogue/places/trees/tree.ts'

const friendlyNames: Readonly<Record<string, string>> = {
  Openstack: 'OpenStack',
  Ovirt: 'oVirt',
  Vmware: 'VMware',
  GCE: 'Google',
}

/** A provider as people write it. */
export const friendlyName = (provider: string): string => friendlyNames[provider] ?? provider

/** As other records name an organization or location they belong to. */
export function placeName({ id, name, title, description }: TreeName): object {
  return { id, name, title, description: description || null }
}
