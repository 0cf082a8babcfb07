import { readFileSync } from 'node:fs'
import type { Reader } from '../../../src/catalogue/matching.ts'
import {
  searchableRegistrations,
  selectRegistrations,
} from '../../../src/catalogue/places/registrations/registration.ts'
import { compile, compileOrder, type Filter, type Order } from '../../../src/catalogue/search.ts'
import type { OpenedDatabase } from '../../../src/database/opened.ts'
import type { Database } from '../../../src/database/schema.ts'
import { type TestCore, testCore } from '../../support/core.ts'

export type Expected =
  | { readonly ids: readonly number[] }
  | { readonly status: number; readonly error: { readonly message: string; readonly class: string } }

export type Ast = string | readonly [string, ...Ast[]]

export type ImageFacts = {
  readonly id: number
  readonly name: string
  readonly username: string
  readonly uuid: string
  readonly compute_resource_id: number
  readonly operatingsystem_id: number
  readonly architecture_id: number
  readonly user_data: boolean | null
}

type Cases = {
  readonly fixture: {
    readonly compute_resources: readonly {
      readonly id: number
      readonly name: string
      readonly provider: string
    }[]
    readonly operatingsystems: readonly {
      readonly id: number
      readonly name: string
      readonly major: string
      readonly minor: string
      readonly title: string
    }[]
    readonly architectures: readonly { readonly id: number; readonly name: string }[]
    readonly images: readonly ImageFacts[]
  }
  readonly cases: readonly {
    readonly id: string
    readonly query: string
    readonly ast?: Ast
    readonly expect: Expected
  }[]
  readonly order_cases: readonly {
    readonly order: string
    readonly ids?: readonly number[]
    readonly groups?: readonly (readonly number[])[]
  }[]
  readonly order_errors: readonly { readonly order: string; readonly expect: Expected }[]
  readonly temporal: {
    readonly rows: readonly { readonly id: number; readonly last_login_on: string | null }[]
    readonly cases: readonly { readonly id: string; readonly query: string; readonly expect: Expected }[]
  }
}

/** The contract's facts: what the reference engine found on this fixture. */
export const facts: Cases = JSON.parse(readFileSync(new URL('search-cases.json', import.meta.url), 'utf8'))

/** A catalogue that holds the fixture's rows and nothing else. */
export async function filledCore(url: string): Promise<TestCore> {
  const core = await testCore({ url, firstStart: false })
  const { compute_resources, operatingsystems, architectures, images } = facts.fixture
  const named = <T extends { readonly id: number }>(list: readonly T[], id: number) =>
    list.find((one) => one.id === id)!
  await core.apply({
    computeResources: compute_resources,
    operatingSystems: operatingsystems.map(({ title, ...system }) => system),
    architectures,
    registrations: images.map(({ id, name, username, uuid, ...one }) => ({
      ...{ id, name, username, uuid },
      computeResource: named(compute_resources, one.compute_resource_id).name,
      operatingSystem: named(operatingsystems, one.operatingsystem_id).title,
      architecture: named(architectures, one.architecture_id).name,
    })),
  })
  for (const { id, user_data } of images)
    await core.core.database.db
      .updateTable('registrations')
      .set({ user_data: user_data === null ? null : user_data ? 1 : 0 })
      .where('id', '=', id)
      .execute()
  return core
}

/** The ids of the registrations that a filter leaves, in an order. */
export async function find(
  { db, engine }: OpenedDatabase<Database>,
  filter: Filter | null,
  order: readonly Order[] = [{ field: 'id' }],
): Promise<number[]> {
  const searchable = searchableRegistrations(engine)
  const all = selectRegistrations(db).orderBy(compileOrder(order, searchable.fields, engine))
  const rows = await (filter ? all.where(compile(filter, searchable)) : all).execute()
  return rows.map((row) => row.id)
}

/** An image of the fixture as the fields of the catalogue, for filters in memory. */
export function readerOf(image: ImageFacts): Reader {
  const resource = facts.fixture.compute_resources.find(({ id }) => id === image.compute_resource_id)!
  const values: Record<string, string | number | null> = {
    id: image.id,
    name: image.name,
    username: image.username,
    compute_resource: resource.name,
    architecture: image.architecture_id,
    operatingsystem: image.operatingsystem_id,
    user_data: image.user_data === null ? null : Number(image.user_data),
  }
  return (field) => values[field] ?? null
}
