import { api, hash, method, resource, string } from '../describe.ts'

/**
 * Without this method every Ansible module fails: the collection patches its parameters when it connects
 * (foreman.md 10.2). There is no route.
 */
export const hosts = resource(
  'hosts',
  'name.hosts',
  [
    method('update', api('PUT', '/api/hosts/:id', 'hosts.update'), [
      string('id!'),
      hash('host!', [string('name')]),
    ]),
  ],
  'absent.stub',
)

/** Hammer loads its commands for these before it does anything, and stops when one is missing (foreman.md 10.3). */
export const empty = [
  resource('domains', 'name.domains', [], 'absent.empty'),
  resource('hostgroups', 'name.hostgroups', [], 'absent.empty'),
  resource('media', 'name.media', [], 'absent.empty'),
  resource('provisioning_templates', 'name.provisioningTemplates', [], 'absent.empty'),
  resource('ptables', 'name.ptables', [], 'absent.empty'),
  resource('smart_proxies', 'name.smartProxies', [], 'absent.empty'),
  resource('subnets', 'name.subnets', [], 'absent.empty'),
  resource('usergroups', 'name.usergroups', [], 'absent.empty'),
]
