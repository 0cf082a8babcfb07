import {
  api,
  array,
  boolean,
  fields,
  hash,
  identifier,
  listing,
  method,
  number,
  optional,
  resource,
  string,
} from '../describe.ts'
import type { Param, Resource } from '../model.ts'
import type { TextKey } from '../texts/en.ts'

const id = identifier('id!', 'about.titleOrId')
const hidden = boolean('show_hidden_parameters', 'about.notKept')

/** Organizations and locations are the same thing twice; only the association with each other differs. */
const members = (other: Param): readonly Param[] => [
  string('name!'),
  string('description?'),
  array('user_ids?', 'about.userIds'),
  array('smart_proxy_ids?', 'about.notKept'),
  array('compute_resource_ids?', 'about.computeResourceIds'),
  array('medium_ids?', 'about.notKept'),
  array('ptable_ids?', 'about.notKept'),
  array('provisioning_template_ids?', 'about.notKept'),
  array('domain_ids?', 'about.notKept'),
  array('realm_ids?', 'about.notKept'),
  array('hostgroup_ids?', 'about.notKept'),
  array('environment_ids?', 'about.notKept'),
  array('subnet_ids?', 'about.notKept'),
  number('parent_id?', 'about.parentId'),
  array('ignore_types?', 'about.notKept'),
  other,
]

function taxonomy(kind: 'organization' | 'location', other: Param, search: string): Resource {
  const path = `/api/${kind}s`
  const title = (action: 'index' | 'show' | 'create' | 'update' | 'destroy'): TextKey => `${kind}s.${action}`
  return resource(`${kind}s`, `name.${kind}s`, [
    method('index', api('GET', path, title('index')), listing, { search: fields(search) }),
    method('show', api('GET', `${path}/:id`, title('show')), [hidden, id]),
    method('create', api('POST', path, title('create')), [hash(`${kind}!`, members(other))]),
    method('update', api('PUT', `${path}/:id`, title('update')), [
      hash(`${kind}!`, optional(members(other))),
      id,
    ]),
    method('destroy', api('DELETE', `${path}/:id`, title('destroy')), [id]),
  ])
}

export const organizations = taxonomy(
  'organization',
  array('location_ids?', 'about.locationIds'),
  'description:text id:integer name:string organization_id:integer title:string',
)

export const locations = taxonomy(
  'location',
  array('organization_ids?', 'about.organizationIds'),
  'description:text id:integer location_id:integer name:string title:string',
)
