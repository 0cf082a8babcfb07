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
  param,
  resource,
  string,
} from '../describe.ts'

const systems = '/api/operatingsystems'
const system = string('id!', 'about.titleOrId')
const parameters = (notation: string) =>
  param('nested', notation, 'about.notKept', [string('name!'), string('value!')])

const systemMembers = [
  string('name!'),
  string('major!', 'about.major'),
  string('minor?', 'about.minor'),
  string('description?', 'about.systemTitle'),
  string('family?', 'about.family'),
  string('release_name?', 'about.releaseName'),
  parameters('os_parameters_attributes?'),
  string('password_hash?', 'about.passwordHash'),
  array('architecture_ids?', 'about.architectureIds'),
  array('provisioning_template_ids?', 'about.notKept'),
  array('medium_ids?', 'about.notKept'),
  array('ptable_ids?', 'about.notKept'),
]

export const operatingsystems = resource('operatingsystems', 'name.operatingsystems', [
  method(
    'index',
    [
      api('GET', systems, 'operatingsystems.index'),
      api(
        'GET',
        '/api/architectures/:architecture_id/operatingsystems',
        'operatingsystems.index.architecture',
      ),
    ],
    [string('architecture_id', 'about.architectureId'), parameters('os_parameters_attributes'), ...listing],
    {
      search: fields(
        'architecture:string description:string family:string id:integer major:string medium:string ' +
          'minor:string name:string params:string template:string title:string',
      ),
    },
  ),
  method('show', api('GET', `${systems}/:id`, 'operatingsystems.show'), [
    system,
    boolean('show_hidden_parameters', 'about.notKept'),
  ]),
  method('create', api('POST', systems, 'operatingsystems.create'), [
    hash('operatingsystem!', systemMembers),
  ]),
  method('update', api('PUT', `${systems}/:id`, 'operatingsystems.update'), [
    system,
    hash('operatingsystem!', optional(systemMembers)),
  ]),
  method('destroy', api('DELETE', `${systems}/:id`, 'operatingsystems.destroy'), [system]),
])

const kinds = '/api/architectures'
const kind = identifier('id!', 'about.nameOrId')
const kindMembers = [string('name!'), array('operatingsystem_ids?', 'about.operatingsystemIds')]

export const architectures = resource('architectures', 'name.architectures', [
  method(
    'index',
    [
      api('GET', kinds, 'architectures.index'),
      api(
        'GET',
        '/api/operatingsystems/:operatingsystem_id/architectures',
        'architectures.index.operatingsystem',
      ),
    ],
    [...listing, number('operatingsystem_id', 'about.operatingsystemId')],
    { search: fields('id:integer name:string') },
  ),
  method('show', api('GET', `${kinds}/:id`, 'architectures.show'), [kind]),
  method('create', api('POST', kinds, 'architectures.create'), [hash('architecture!', kindMembers)]),
  method('update', api('PUT', `${kinds}/:id`, 'architectures.update'), [
    kind,
    hash('architecture!', optional(kindMembers)),
  ]),
  method('destroy', api('DELETE', `${kinds}/:id`, 'architectures.destroy'), [kind]),
])
