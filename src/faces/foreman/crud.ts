import { notFound } from './failures.ts'
import { type Listable, listAnswer, showAnswer } from './lists.ts'
import { type Context, created, ok, type Route, singular } from './route.ts'

/** What the routes of a resource are made from (foreman.md section 9). */
export type Crud<Row, Patch> = {
  /** As the documentation names it; also the name of its permissions. */
  readonly resource: string
  /** Prefixes below which it is listed, too, such as `/locations/:location_id`. */
  readonly nested?: readonly string[]
  readonly list: (context: Context) => Listable<Row> | Promise<Listable<Row>>
  /** The record that the path names. Undefined: there is none. */
  readonly find: (context: Context, text: string) => Promise<number | undefined>
  /** As show, create and update tell it. */
  readonly view: (context: Context, id: number) => Promise<object>
  readonly read: (context: Context) => Promise<Patch>
  readonly create: (context: Context, patch: Patch) => Promise<object>
  readonly change: (context: Context, id: number, patch: Patch) => Promise<object>
  /** What a deletion answers. */
  readonly remove: (context: Context, id: number) => Promise<object>
}

/** List, show, create, update and delete, with the permissions of their names. */
export function crudRoutes<Row, Patch>(crud: Crud<Row, Patch>): readonly Route[] {
  const { resource } = crud
  const one = `/${resource}/:id`
  const path = `/${resource}`

  async function idOf(context: Context): Promise<number> {
    const text = context.segment('id')
    const id = await crud.find(context, text)
    if (id === undefined) throw notFound(singular(resource), text)
    context.about(id)
    return id
  }

  const index: Route['handle'] = async (context) => listAnswer(context, resource, await crud.list(context))
  return [
    ...[path, ...(crud.nested ?? []).map((prefix) => `${prefix}${path}`)].map(
      (url): Route => ({
        resource,
        action: 'index',
        method: 'GET',
        path: url,
        permission: `view_${resource}`,
        handle: index,
      }),
    ),
    {
      resource,
      action: 'show',
      method: 'GET',
      path: one,
      permission: `view_${resource}`,
      handle: async (context) => showAnswer(context, await crud.view(context, await idOf(context))),
    },
    {
      resource,
      action: 'create',
      method: 'POST',
      path,
      permission: `create_${resource}`,
      handle: async (context) => created(await crud.create(context, await crud.read(context))),
    },
    {
      resource,
      action: 'update',
      method: 'PUT',
      path: one,
      permission: `edit_${resource}`,
      handle: async (context) => {
        const id = await idOf(context)
        return ok(await crud.change(context, id, await crud.read(context)))
      },
    },
    {
      resource,
      action: 'destroy',
      method: 'DELETE',
      path: one,
      permission: `destroy_${resource}`,
      handle: async (context) => ok(await crud.remove(context, await idOf(context))),
    },
  ]
}

/** The id of the first of what a list found. */
export async function firstId(
  found: Promise<readonly { readonly id: number }[]>,
): Promise<number | undefined> {
  return (await found)[0]?.id
}
