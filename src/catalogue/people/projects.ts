import { type Selectable, sql } from 'kysely'
import { prepared } from '../../database/prepared.ts'
import type { ProjectsTable } from '../../database/schema.ts'
import { permitted } from '../access.ts'
import type { Actor } from '../actor.ts'
import { type Usage, usageOf, usagesOf } from '../bytes/usage.ts'
import type { Core, Query } from '../core.ts'
import { Failure } from '../failure.ts'
import { fold } from '../fold.ts'
import { compile, type Filter, type Searchable } from '../search.ts'
import { findProject } from './openstack/lookups.ts'
import { mergeProjectSettings, type ProjectSettings } from './project-settings.ts'

/** The tenant: Keystone project, Danube datacenter, Foreman organization, OneCloudPlanet client. */
export type Project = {
  readonly id: number
  readonly uuid: string
  readonly name: string
  readonly label: string
  readonly description: string
  readonly access: 'public' | 'private'
  readonly enabled: boolean
  readonly settings: ProjectSettings
  readonly createdAt: number
  readonly updatedAt: number
}

/** Which projects, and which part of them. */
export type ProjectQuestion = {
  readonly offset: number
  readonly limit: number
  readonly name?: string
  /** Part of the name or label. */
  readonly search?: string
  readonly enabled?: boolean
  readonly byName?: boolean
}

const byId = prepared((query: Query, { id }: { id: number }) =>
  query.selectFrom('projects').select('id').where('id', '=', id),
)

export function projects(core: Core) {
  const { db } = core.database

  function toProject(row: Selectable<ProjectsTable>): Project {
    return {
      id: row.id,
      uuid: row.uuid,
      name: row.name,
      label: row.label,
      description: row.description,
      access: row.access,
      enabled: row.enabled === 1,
      settings: mergeProjectSettings(core.settings, JSON.parse(row.settings_json)),
      createdAt: row.created_at,
      updatedAt: row.updated_at,
    }
  }

  return {
    /** @throws Failure `not-found` when absent, or nothing to the actor. */
    async view(actor: Actor, id: number): Promise<Project> {
      const row = Number.isSafeInteger(id)
        ? await db.selectFrom('projects').selectAll().where('id', '=', id).executeTakeFirst()
        : undefined
      if (!row || !(actor.superAdmin || actor.roles.has(id))) throw projectNotFound(String(id))
      return toProject(row)
    },

    /** By name, ignoring case. @throws Failure `not-found`. */
    async named(actor: Actor, name: string): Promise<Project> {
      const row = await db
        .selectFrom('projects')
        .selectAll()
        .where('name_fold', '=', fold(name))
        .executeTakeFirst()
      if (!row || !(actor.superAdmin || actor.roles.has(row.id))) throw projectNotFound(name)
      return toProject(row)
    },

    /** By uuid, in lower case. @throws Failure `not-found`. */
    async withUuid(actor: Actor, uuid: string): Promise<Project> {
      const row = await db.selectFrom('projects').selectAll().where('uuid', '=', uuid).executeTakeFirst()
      if (!row || !(actor.superAdmin || actor.roles.has(row.id))) throw projectNotFound(uuid)
      return toProject(row)
    },

    /** The id of the project that OpenStack's clients call so; null when there is none. */
    async idOfOpenstack(id: string): Promise<number | null> {
      return (await findProject(db, { id }))?.id ?? null
    },

    /**
     * The id of the project that somebody names who need not belong to it: by its name, ignoring case, by the id that
     * OpenStack's clients use, its uuid or its number. Null when there is none.
     */
    async recipient(text: string): Promise<number | null> {
      const named = await db
        .selectFrom('projects')
        .select('id')
        .where('name_fold', '=', fold(text))
        .executeTakeFirst()
      const id = named?.id ?? (await this.idOfOpenstack(text)) ?? (await this.idOfOpenstack(undashed(text)))
      if (id !== null || !/^\d{1,15}$/.test(text)) return id
      return (await this.exists(Number(text))) ? Number(text) : null
    },

    /** Is there such a project at all? For the recipient of a share, whom the owner need not be a member of. */
    async exists(id: number): Promise<boolean> {
      return (await byId(db, { id })).length > 0
    },

    /** Those the actor has a role in, administrators all; by id unless said. */
    async list(actor: Actor, question: ProjectQuestion): Promise<{ projects: Project[]; total: number }> {
      let query = foldedProjects(db)
      if (!actor.superAdmin) query = query.where('projects.id', 'in', [...actor.roles.keys(), 0])
      if (question.name !== undefined) query = query.where('name', '=', question.name)
      const filters = filtersOf(question)
      if (filters.length > 0) query = query.where(compile({ all: filters }, searchable))
      const { total } = await query
        .select((select) => select.fn.countAll<number>().as('total'))
        .executeTakeFirstOrThrow()
      const rows = await query
        .selectAll()
        .orderBy(question.byName ? 'projects.name_fold' : 'projects.id')
        .limit(question.limit)
        .offset(question.offset)
        .execute()
      return { projects: rows.map(toProject), total: Number(total) }
    },

    /** Of each in their order. @throws Failure `not-found`. */
    async usages(actor: Actor, ids: readonly number[]): Promise<Usage[]> {
      const strange = ids.find((id) => !permitted(actor, 'image.list', id))
      if (strange !== undefined) throw projectNotFound(String(strange))
      return usagesOf(db, ids)
    },

    /** @throws Failure `not-found`. */
    async usage(actor: Actor, id: number): Promise<Usage> {
      if (!permitted(actor, 'image.list', id)) throw projectNotFound(String(id))
      return usageOf(db, id)
    },
  }
}

/** With the form in which labels are searched. */
function foldedProjects(query: Query) {
  return query.selectFrom(
    query
      .selectFrom('projects')
      .selectAll()
      .select(sql<string>`lower(label)`.as('label_fold'))
      .as('projects'),
  )
}

const searchable: Searchable = {
  fields: {
    name: { column: 'projects.name', folded: 'projects.name_fold', kind: 'text' },
    label: { column: 'projects.label', folded: 'projects.label_fold', kind: 'text' },
    enabled: { column: 'projects.enabled', kind: 'number' },
  },
}

/** Compared along the order of the list: projects are some thousands at most. */
function filtersOf({ search = '', enabled }: ProjectQuestion): Filter[] {
  const filters: Filter[] = []
  if (search !== '')
    filters.push({ any: ['name', 'label'].map((field) => ({ field, like: ['', search, ''] })) })
  if (enabled !== undefined) filters.push({ field: 'enabled', is: 'eq', value: enabled ? 1 : 0 })
  return filters
}

/** A uuid as OpenStack's clients write it. */
const undashed = (uuid: string) => uuid.toLowerCase().replaceAll('-', '')

function projectNotFound(id: string): Failure {
  return new Failure('not-found', `No project found with ID ${id}`, { subject: 'project', id })
}
