import type {
  Architecture,
  ArchitecturePatch,
  ArchitectureView,
} from '../../catalogue/places/systems/architectures.ts'
import type { System, SystemView } from '../../catalogue/places/systems/system.ts'
import type { SystemPatch } from '../../catalogue/places/systems/systems.ts'
import { type Readers, readersOf, readPatch } from './attributes.ts'
import { findFriendly } from './context.ts'
import { crudRoutes, firstId } from './crud.ts'
import { notFound } from './failures.ts'
import type { Context, Route } from './route.ts'
import { architectures as architectureSearch, operatingSystems as systemSearch } from './search/resources.ts'
import { rawTime, viewTime } from './wire.ts'

/** By title or id, as every path of this API names an operating system. */
export function findSystem({ actor, parts }: Context, text: string): Promise<number | undefined> {
  const { systems } = parts.catalogue
  return findFriendly(text, 'title', (filter) => firstId(systems.list(actor, { filter, limit: 1 })))
}

/** By name or id. */
export function findArchitecture({ actor, parts }: Context, text: string): Promise<number | undefined> {
  const { architectures } = parts.catalogue
  return findFriendly(text, 'name', (filter) => firstId(architectures.list(actor, { filter, limit: 1 })))
}

/** The parent that a nested list names; undefined for the list of all. @throws Refusal 404 */
async function parentOf(
  context: Context,
  name: 'architecture_id' | 'operatingsystem_id',
  resource: string,
): Promise<number | undefined> {
  const text = context.segment(name)
  if (text === '') return undefined
  const id = await (name === 'architecture_id' ? findArchitecture : findSystem)(context, text)
  if (id === undefined) throw notFound(resource)
  return id
}

const system = readersOf<SystemPatch>()
const systemReaders: Readers<SystemPatch> = {
  name: system.text('name'),
  major: system.text('major'),
  minor: system.text('minor'),
  description: system.text('description'),
  family: system.text('family'),
  release_name: system.text('releaseName'),
  password_hash: system.text('passwordHash'),
  architecture_ids: system.ids('architectureIds'),
  architectures: system.children('architectureIds'),
}

/** foreman.md 9.2. */
const systemRoutes = crudRoutes<System, SystemPatch>({
  resource: 'operatingsystems',
  nested: ['/architectures/:architecture_id'],
  async list(context) {
    const { actor, parts } = context
    const { systems } = parts.catalogue
    const architectureId = await parentOf(context, 'architecture_id', 'operatingsystem')
    const parent = architectureId === undefined ? {} : { architectureId }
    return {
      count: (listing) => systems.count(actor, { ...listing, ...parent }),
      list: (listing) => systems.list(actor, { ...listing, ...parent }),
      wire: systemWire,
      search: systemSearch,
    }
  },
  find: findSystem,
  view: async ({ actor, parts }, id) => systemView(await parts.catalogue.systems.view(actor, id)),
  read: (context) => readPatch(context, 'operatingsystem', systemReaders),
  create: async ({ actor, parts }, patch) => systemView(await parts.catalogue.systems.create(actor, patch)),
  change: async ({ actor, parts }, id, patch) =>
    systemView(await parts.catalogue.systems.change(actor, id, patch)),
  remove: async ({ actor, parts }, id) => systemRecord(await parts.catalogue.systems.remove(actor, id)),
})

const architecture = readersOf<ArchitecturePatch>()
const architectureReaders: Readers<ArchitecturePatch> = {
  name: architecture.text('name'),
  operatingsystem_ids: architecture.ids('operatingSystemIds'),
  operatingsystems: architecture.children('operatingSystemIds'),
}

/** foreman.md 9.3. */
const architectureRoutes = crudRoutes<Architecture, ArchitecturePatch>({
  resource: 'architectures',
  nested: ['/operatingsystems/:operatingsystem_id'],
  async list(context) {
    const { actor, parts } = context
    const { architectures } = parts.catalogue
    const operatingSystemId = await parentOf(context, 'operatingsystem_id', 'architecture')
    const parent = operatingSystemId === undefined ? {} : { operatingSystemId }
    return {
      count: (listing) => architectures.count(actor, { ...listing, ...parent }),
      list: (listing) => architectures.list(actor, { ...listing, ...parent }),
      wire: architectureWire,
      search: architectureSearch,
    }
  },
  find: findArchitecture,
  view: async ({ actor, parts }, id) => architectureView(await parts.catalogue.architectures.view(actor, id)),
  read: (context) => readPatch(context, 'architecture', architectureReaders),
  create: async ({ actor, parts }, patch) =>
    architectureView(await parts.catalogue.architectures.create(actor, patch)),
  change: async ({ actor, parts }, id, patch) =>
    architectureView(await parts.catalogue.architectures.change(actor, id, patch)),
  remove: async ({ actor, parts }, id) =>
    architectureRecord(await parts.catalogue.architectures.remove(actor, id)),
})

export const systemAndArchitectureRoutes: readonly Route[] = [...systemRoutes, ...architectureRoutes]

function systemWire(one: System): object {
  return {
    description: one.description,
    major: one.major,
    minor: one.minor,
    family: one.family,
    release_name: one.releaseName,
    password_hash: one.passwordHash,
    created_at: viewTime(one.createdAt),
    updated_at: viewTime(one.updatedAt),
    id: one.id,
    name: one.name,
    title: one.title,
  }
}

/** With the kinds of things that Foreman hangs on an operating system and that this catalogue has none of. */
function systemView(one: SystemView): object {
  return {
    ...systemWire(one),
    media: [],
    architectures: one.architectures.map(({ id, name }) => ({ name, id })),
    ptables: [],
    provisioning_templates: [],
    os_default_templates: [],
    images: one.images.map(({ id, name }) => ({ id, name })),
    parameters: [],
  }
}

function systemRecord(one: System): object {
  return {
    id: one.id,
    major: one.major,
    name: one.name,
    minor: one.minor,
    nameindicator: null,
    created_at: rawTime(one.createdAt),
    updated_at: rawTime(one.updatedAt),
    release_name: one.releaseName,
    description: one.description,
    password_hash: one.passwordHash,
    title: one.title,
  }
}

function architectureWire(one: Architecture): object {
  return {
    created_at: viewTime(one.createdAt),
    updated_at: viewTime(one.updatedAt),
    name: one.name,
    id: one.id,
  }
}

function architectureView(one: ArchitectureView): object {
  return {
    ...architectureWire(one),
    operatingsystems: one.operatingSystems.map(({ id, name, title }) => ({ id, name, title })),
    images: one.images.map(({ id, name }) => ({ id, name })),
  }
}

function architectureRecord(one: Architecture): object {
  return {
    id: one.id,
    name: one.name,
    created_at: rawTime(one.createdAt),
    updated_at: rawTime(one.updatedAt),
  }
}
