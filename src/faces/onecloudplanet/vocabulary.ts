/** The closed word lists of this wire, in the order in which they are shown (onecloudplanet.md 1.10, 1.11, 2.11). */

export type Choice = { readonly display: string; readonly value: string }

export const statuses = [
  { display: 'Active', value: 'active' },
  { display: 'Deactivated', value: 'deactivated' },
  { display: 'Deleted', value: 'deleted' },
  { display: 'Killed', value: 'killed' },
  { display: 'Pending delete', value: 'pending_delete' },
  { display: 'Queued', value: 'queued' },
  { display: 'Saving', value: 'saving' },
] as const satisfies readonly Choice[]

/** "Do not sort." */
export const hypervisorTypes = [
  'hyperv',
  'ironic',
  'lxc',
  'qemu',
  'uml',
  'vmware',
  'xen',
  'kvm',
  'lxd',
] as const

export const visibilities = [
  { display: 'Community', value: 'community' },
  { display: 'Private', value: 'private' },
  { display: 'Public', value: 'public' },
  { display: 'Shared', value: 'shared' },
] as const satisfies readonly Choice[]

/** The same for every caller, whatever the data. */
export const filterOptions = {
  status: statuses,
  hypervisor_type: hypervisorTypes.map((value): Choice => ({ display: value, value })),
  visibility: visibilities,
}

export const containerFormats = ['ami', 'ari', 'aki', 'bare', 'ovf', 'ova', 'docker'] as const
export const diskFormats = ['ami', 'ari', 'aki', 'vhd', 'vmdk', 'raw', 'qcow2', 'vdi', 'iso'] as const

/** File-name extensions that an upload control offers. */
export const allowedFormats = ['iso', 'mdf', 'img', 'dmg', 'bin', 'nrg', 'qcow2'] as const

const architectureNames = ['i686', 'x86_64', 'aarch64', 'armv7l', 'ppc64', 's390x'] as const
/** Pairs of value and label. */
export const architectures = architectureNames.map((name): [string, string] => [name, name])

export const osDistros = [
  'almalinux',
  'rockylinux',
  'altlinux',
  'arch',
  'centos',
  'cirros',
  'debian',
  'dos',
  'fedora',
  'freebsd',
  'gentoo',
  'mandrake',
  'mandriva',
  'mes',
  'msdos',
  'netbsd',
  'netware',
  'openbsd',
  'opensolaris',
  'opensuse',
  'rhel',
  'sled',
  'ubuntu',
  'windows',
] as const

/** Properties that are fields of their own on this wire, and stand only there. */
export const promoted = ['os_distro', 'os_version', 'architecture', 'hypervisor_type'] as const

/** Switches of an installation (onecloudplanet.md 4.3); all are on unless the settings turn them off. */
export const features = [
  'openstack.images',
  'openstack.images.copy',
  'openstack.images.download',
  'openstack.images.file_uploads',
  'openstack.images.updatecreate',
  'openstack.images.show-price-on-create',
  'openstack.images.showcommunity',
  'openstack.images.showshared',
  'openstack.cleanup',
  'openstack.cleanup.images',
  'openstack.cleanup.images.showdate',
] as const
export type Feature = (typeof features)[number]
