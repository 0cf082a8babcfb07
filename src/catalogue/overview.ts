import { sql } from 'kysely'
import { permitted } from './access.ts'
import type { Actor } from './actor.ts'
import type { Core } from './core.ts'
import type { Status } from './images/image.ts'
import { day, now } from './time.ts'

export type Share = { readonly name: string; readonly images: number }

/** What of the catalogue is an actor's: all of it for administrators, else the images of its projects. */
export type Overview = {
  readonly statuses: readonly { readonly status: Status; readonly images: number; readonly bytes: number }[]
  /** The most frequent ones, most frequent first; the name is empty where an image says nothing. */
  readonly formats: readonly Share[]
  readonly systems: readonly Share[]
  /** New images of each of the last days, the oldest first; the day as its first instant. */
  readonly days: readonly { readonly at: number; readonly images: number }[]
}

export type Activity = {
  readonly id: number
  readonly at: number
  readonly username: string
  readonly face: string
  readonly action: string
  readonly imageUuid: string
  readonly imageName: string
}

const mostShares = 8
const daysShown = 30
/** What happened longer ago than so many entries is not recent any more, and is not looked at. */
const recentEntries = 5_000

/** What the first page of the console shows of the catalogue. */
export function overview({ database: { db } }: Core) {
  /** Null: everything. */
  function projectsOf(actor: Actor): number[] | null {
    if (actor.superAdmin) return null
    return [...actor.roles.keys()].filter((id) => permitted(actor, 'image.list', id))
  }

  function imagesOf(projects: number[] | null) {
    const images = db.selectFrom('images').where('deleted', '=', 0)
    return projects === null ? images : images.where('owner_id', 'in', [...projects, -1])
  }

  /** How often each value of a column occurs; read from an index. */
  async function shares(
    projects: number[] | null,
    column: 'disk_format' | 'os_distro_fold',
  ): Promise<Share[]> {
    const rows = await imagesOf(projects)
      .select([`${column} as name`, sql<number>`count(*)`.as('images')])
      .groupBy(column)
      .orderBy('images', 'desc')
      .orderBy('name')
      .limit(mostShares)
      .execute()
    return rows.map(({ name, images }) => ({ name: name ?? '', images: Number(images) }))
  }

  async function statuses(projects: number[] | null): Promise<Overview['statuses']> {
    let counts = db.selectFrom('image_counts').where('status', '<>', 'deleted')
    if (projects !== null) counts = counts.where('owner_id', 'in', [...projects, -1])
    const rows = await counts
      .select(['status', sql<number>`sum(images)`.as('images'), sql<number>`sum(bytes)`.as('bytes')])
      .groupBy('status')
      .having(sql<number>`sum(images)`, '>', 0)
      .orderBy('status')
      .execute()
    return rows.map(({ status, images, bytes }) => ({
      status: status as Status,
      images: Number(images),
      bytes: Number(bytes),
    }))
  }

  async function days(projects: number[] | null): Promise<Overview['days']> {
    const today = Math.floor(now() / day)
    const first = today - daysShown + 1
    const rows = await imagesOf(projects)
      .where('created_at', '>=', first * day)
      .select([sql<number>`created_at / ${sql.lit(day)}`.as('day'), sql<number>`count(*)`.as('images')])
      .groupBy('day')
      .execute()
    const found = new Map(rows.map((row) => [Number(row.day), Number(row.images)]))
    return Array.from({ length: daysShown }, (_, n) => ({
      at: (first + n) * day,
      images: found.get(first + n) ?? 0,
    }))
  }

  return {
    async of(actor: Actor): Promise<Overview> {
      const projects = projectsOf(actor)
      const [byStatus, formats, systems, byDay] = await Promise.all([
        statuses(projects),
        shares(projects, 'disk_format'),
        shares(projects, 'os_distro_fold'),
        days(projects),
      ])
      return { statuses: byStatus, formats, systems, days: byDay }
    },

    /** What was done last with images that are the actor's, newest first. */
    async activity(actor: Actor, limit: number): Promise<Activity[]> {
      const projects = projectsOf(actor)
      let entries = db
        .selectFrom('audit')
        .innerJoin('images', 'images.uuid', 'audit.subject_id')
        .where('audit.subject_kind', '=', 'image')
        .where('audit.id', '>', (select) =>
          select
            .selectFrom('audit')
            .select(sql<number>`coalesce(max(id), 0) - ${sql.lit(recentEntries)}`.as('floor')),
        )
      if (projects !== null) entries = entries.where('images.owner_id', 'in', [...projects, -1])
      const rows = await entries
        .select([
          'audit.id',
          'audit.at',
          'audit.username',
          'audit.face',
          'audit.action',
          'images.uuid',
          'images.name',
        ])
        .orderBy('audit.id', 'desc')
        .limit(limit)
        .execute()
      return rows.map(({ uuid, name, ...rest }) => ({ ...rest, imageUuid: uuid, imageName: name }))
    },
  }
}
