import {
  api,
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

const computeResource = '/api/compute_resources/:compute_resource_id/images'
const operatingsystem = '/api/operatingsystems/:operatingsystem_id/images'
const architecture = '/api/architectures/:architecture_id/images'

/** None is required, although one of them is in every path: hammer would refuse `image list` (foreman.md 11.2). */
const parents = [
  string('compute_resource_id', 'about.computeResourceId'),
  string('architecture_id', 'about.architectureId'),
  number('operatingsystem_id', 'about.operatingsystemId'),
]

const members = [
  string('name!'),
  string('username!'),
  string('uuid!', 'about.templateId'),
  string('password?'),
  string('compute_resource_id?', 'about.computeResourceId'),
  string('architecture_id?', 'about.architectureId'),
  number('operatingsystem_id?', 'about.operatingsystemId'),
  boolean('user_data?', 'about.userData'),
]

const parent = identifier('compute_resource_id!')
const id = identifier('id!')

export const images = resource('images', 'name.images', [
  method(
    'index',
    [
      api('GET', computeResource, 'images.index.computeResource'),
      api('GET', operatingsystem, 'images.index.operatingsystem'),
      api('GET', architecture, 'images.index.architecture'),
    ],
    [...parents, ...listing],
    {
      search: fields(
        'architecture:integer compute_resource:string id:integer name:string operatingsystem:integer ' +
          'user_data:true/false username:string',
      ),
    },
  ),
  method(
    'show',
    [computeResource, operatingsystem, architecture].map((path) => api('GET', `${path}/:id`, 'images.show')),
    [id, ...parents],
  ),
  method('create', api('POST', computeResource, 'images.create'), [parent, hash('image!', members)]),
  method('update', api('PUT', `${computeResource}/:id`, 'images.update'), [
    parent,
    id,
    hash('image!', optional(members)),
  ]),
  method('destroy', api('DELETE', `${computeResource}/:id`, 'images.destroy'), [parent, id]),
])
