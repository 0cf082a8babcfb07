import {
  api,
  array,
  boolean,
  fields,
  hash,
  identifier,
  listing,
  method,
  optional,
  resource,
  string,
} from '../describe.ts'

const path = '/api/compute_resources'
const id = identifier('id!')

const members = [
  string('name!'),
  string('provider?', 'about.provider'),
  string('url?', 'about.providerUrl'),
  string('description?'),
  string('user?', 'about.providerUser'),
  string('password?', 'about.providerPassword'),
  string('datacenter?', 'about.datacenter'),
  string('ovirt_quota?', 'about.ovirtQuota'),
  string('public_key?', 'about.ovirtOnly'),
  string('region?', 'about.region'),
  string('tenant?', 'about.openstackOnly'),
  string('domain?', 'about.openstackOnly'),
  string('project_domain_name?', 'about.openstackOnly'),
  string('project_domain_id?', 'about.openstackOnly'),
  string('server?', 'about.vmwareOnly'),
  boolean('set_console_password?', 'about.consolePassword'),
  string('display_type?', 'about.displayType'),
  string('keyboard_layout?', 'about.ovirtOnly'),
  boolean('caching_enabled?', 'about.vmwareOnly'),
  array('location_ids?', 'about.locationIds'),
  array('organization_ids?', 'about.organizationIds'),
]

export const computeResources = resource('compute_resources', 'name.computeResources', [
  method('index', api('GET', path, 'computeResources.index'), listing, {
    search: fields(
      'id:integer location:string location_id:integer name:string organization:string ' +
        'organization_id:integer type:string',
    ),
  }),
  method('show', api('GET', `${path}/:id`, 'computeResources.show'), [id]),
  method('create', api('POST', path, 'computeResources.create'), [hash('compute_resource!', members)]),
  method('update', api('PUT', `${path}/:id`, 'computeResources.update'), [
    id,
    hash('compute_resource!', optional(members)),
  ]),
  method('destroy', api('DELETE', `${path}/:id`, 'computeResources.destroy'), [id]),
  method(
    'available_images',
    api('GET', `${path}/:id/available_images`, 'computeResources.availableImages'),
    [id],
    { about: 'computeResources.availableImages.about' },
  ),
])
