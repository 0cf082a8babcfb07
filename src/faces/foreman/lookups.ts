import { systemActor } from '../../catalogue/actor.ts'
import { mainProjectId } from '../../catalogue/images/cleanup.ts'
import { notFound } from './failures.ts'
import { inMemory, listAnswer, showAnswer } from './lists.ts'
import { leadingId } from './params.ts'
import { permissionRecords } from './permissions.ts'
import type { Route } from './route.ts'
import { authSources, permissions } from './search/resources.ts'
import { viewTime } from './wire.ts'

/** The one source of accounts (foreman.md 9.5). */
export const internalSource = { id: 1, type: 'AuthSourceInternal', name: 'Internal' } as const

const permissionWire = ({ id, name, resourceType }: (typeof permissionRecords)[number]): object => ({
  name,
  resource_type: resourceType,
  id,
})

export const lookupRoutes: readonly Route[] = [
  {
    resource: 'permissions',
    action: 'index',
    method: 'GET',
    path: '/permissions',
    handle: async (context) =>
      listAnswer(context, 'permissions', {
        ...inMemory(permissionRecords, (row, field) =>
          field === 'resource_type' ? row.resourceType : field === 'id' ? row.id : row.name,
        ),
        wire: permissionWire,
        // In the order in which Foreman made them: view, create, edit, destroy (section 12).
        search: { ...permissions, order: [] },
      }),
  },
  {
    resource: 'permissions',
    action: 'show',
    method: 'GET',
    path: '/permissions/:id',
    handle: async (context) => {
      const id = context.segment('id')
      const found = permissionRecords.find((record) => record.id === leadingId(id))
      if (!found) throw notFound('permission', id)
      return showAnswer(context, permissionWire(found))
    },
  },
  ...['', '/locations/:location_id', '/organizations/:organization_id'].map(
    (parent): Route => ({
      resource: 'auth_sources',
      action: 'index',
      method: 'GET',
      path: `${parent}/auth_sources`,
      permission: 'view_authenticators',
      handle: async (context) => {
        // It has been there as long as the installation.
        const { createdAt } = await context.parts.catalogue.projects.view(systemActor, mainProjectId)
        const time = viewTime(createdAt)
        return listAnswer(context, 'authenticators', {
          ...inMemory([internalSource], (row, field) =>
            field === 'id' ? row.id : field === 'name' ? row.name : null,
          ),
          wire: ({ id, type, name }) => ({
            created_at: time,
            updated_at: time,
            id,
            type,
            name,
            locations: [],
            organizations: [],
          }),
          search: authSources,
        })
      },
    }),
  ),
  {
    resource: 'plugins',
    action: 'index',
    method: 'GET',
    path: '/plugins',
    handle: async (context) =>
      listAnswer(context, 'plugins', {
        ...inMemory<{ readonly id: number }>([], () => null),
        wire: (row) => row,
        search: { fields: {}, order: [] },
      }),
  },
]
