const dates = { createdAt: '2024-02-22T15:52:47.631Z', updatedAt: '2024-02-22T15:52:47.631Z' }

/** The records behind the examples of the published page, as a bootstrap file. */
export const fixture = {
  architectures: [
    { id: 501905019, name: 'x86_64', ...dates },
    { id: 331892513, name: 'sparc', ...dates },
  ],
  operatingSystems: [
    { id: 309172073, name: 'centos', major: '5', minor: '3', ...dates },
    { id: 309172074, name: 'Debian', major: '12', ...dates },
  ],
  computeResources: [
    { id: 980190962, name: 'bigcompute', provider: 'Libvirt', url: 'qemu:///system', ...dates },
    { id: 928692541, name: 'amazon123', provider: 'EC2', username: 'key', ...dates },
  ],
  registrations: [
    {
      id: 980190962,
      computeResource: 'bigcompute',
      operatingSystem: 'centos 5.3',
      architecture: 'x86_64',
      name: 'centos-1',
      uuid: 'string-of-uuid',
      username: 'root',
      ...dates,
    },
    {
      id: 298486374,
      computeResource: 'bigcompute',
      operatingSystem: 'centos 5.3',
      architecture: 'x86_64',
      name: 'centos-2',
      uuid: 'MyString2',
      username: 'MyString',
      ...dates,
    },
  ],
}

/** How the two images of the examples look in every view. */
export const centos1 = {
  operatingsystem_id: 309172073,
  operatingsystem_name: 'centos 5.3',
  compute_resource_id: 980190962,
  compute_resource_name: 'bigcompute',
  architecture_id: 501905019,
  architecture_name: 'x86_64',
  uuid: 'string-of-uuid',
  username: 'root',
  created_at: '2024-02-22 15:52:47 UTC',
  updated_at: '2024-02-22 15:52:47 UTC',
  id: 980190962,
  name: 'centos-1',
}
export const centos2 = {
  ...centos1,
  uuid: 'MyString2',
  username: 'MyString',
  id: 298486374,
  name: 'centos-2',
}

export const listOf = (results: readonly object[], more: object = {}) => ({
  total: results.length,
  subtotal: results.length,
  page: 1,
  per_page: 20,
  search: null,
  sort: { by: null, order: null },
  results,
  ...more,
})
