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

const path = '/api/users'
const id = string('id!', 'about.loginOrId')

const members = [
  string('login!'),
  string('firstname?'),
  string('lastname?'),
  string('mail!'),
  string('description?'),
  boolean('disabled?', 'about.disabled'),
  boolean('admin?', 'about.admin'),
  string('password?', 'about.password'),
  number('default_location_id?', 'about.defaultLocation'),
  number('default_organization_id?', 'about.defaultOrganization'),
  number('auth_source_id!', 'about.authSourceId'),
  string('timezone?', 'about.timezone'),
  string('locale?', 'about.locale'),
  array('role_ids?', 'about.roleIds'),
  boolean('mail_enabled?', 'about.mailEnabled'),
  array('location_ids?', 'about.locationIds'),
  array('organization_ids?', 'about.organizationIds'),
]

export const users = resource('users', 'name.users', [
  method(
    'index',
    [
      api('GET', path, 'users.index'),
      api('GET', '/api/roles/:role_id/users', 'users.index.role'),
      api('GET', '/api/locations/:location_id/users', 'users.index.location'),
      api('GET', '/api/organizations/:organization_id/users', 'users.index.organization'),
    ],
    [string('role_id', 'about.roleId'), ...listing],
    {
      search: fields(
        'admin:true/false auth_source:string auth_source_type:string description:text disabled:true/false ' +
          'firstname:string id:integer last_login_on:datetime lastname:string location:string ' +
          'location_id:integer login:string mail:string organization:string organization_id:integer ' +
          'role:string role_id:integer usergroup:string',
      ),
    },
  ),
  method('show', api('GET', `${path}/:id`, 'users.show'), [id]),
  method('show_current', api('GET', '/api/current_user', 'users.showCurrent')),
  method('create', api('POST', path, 'users.create'), [hash('user!', members)]),
  method('update', api('PUT', `${path}/:id`, 'users.update'), [
    id,
    hash('user!', [...optional(members), string('current_password?', 'about.notKept')]),
  ]),
  method('destroy', api('DELETE', `${path}/:id`, 'users.destroy'), [id]),
])

export const roles = resource('roles', 'name.roles', [
  method('index', api('GET', '/api/roles', 'roles.index'), listing, {
    search: fields(
      'builtin:true/false description:text id:integer locked:true/false name:string permission:string',
    ),
  }),
  method('show', api('GET', '/api/roles/:id', 'roles.show'), [identifier('id!'), string('description')]),
])

export const permissions = resource('permissions', 'name.permissions', [
  method('index', api('GET', '/api/permissions', 'permissions.index'), listing, {
    search: fields('id:integer name:string resource_type:string'),
  }),
  method('show', api('GET', '/api/permissions/:id', 'permissions.show'), [identifier('id!')]),
])

export const authSources = resource('auth_sources', 'name.authSources', [
  method(
    'index',
    [
      api('GET', '/api/auth_sources', 'authSources.index'),
      api('GET', '/api/locations/:location_id/auth_sources', 'authSources.index.location'),
      api('GET', '/api/organizations/:organization_id/auth_sources', 'authSources.index.organization'),
    ],
    listing,
    {
      search: fields(
        'id:integer location:string location_id:integer name:string organization:string organization_id:integer',
      ),
    },
  ),
])
