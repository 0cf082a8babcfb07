import { padded } from '../../database/padded.ts'
import { allows } from '../access.ts'
import type { Actor } from '../actor.ts'
import type { Core } from '../core.ts'
import { guardedImages } from '../images/guarded.ts'
import type { Task } from './task.ts'

/** What people call those that a task has to do with. Null: nobody, gone, or not for this caller. */
export type TaskNames = {
  readonly username: string | null
  readonly project: { readonly id: number; readonly name: string } | null
  readonly image: { readonly uuid: string; readonly name: string; readonly handle: string } | null
}

/** Names beside tasks that the actor sees, read for all of a list at once. */
export function taskNames({ database }: Core) {
  const { db } = database

  return {
    async of(actor: Actor, tasks: readonly Task[]): Promise<(task: Task) => TaskNames> {
      const [users, projects, images] = [
        await usernames(tasks.map(({ userId }) => userId).filter((id) => id !== null)),
        await projectNames(tasks.map(({ projectId }) => projectId).filter((id) => id !== null)),
        await guardedImages(
          db,
          tasks.map(({ imageUuid }) => imageUuid).filter((uuid) => uuid !== null),
        ),
      ]
      return ({ userId, projectId, imageUuid }) => {
        const project = projectId === null ? undefined : projects.get(projectId)
        const found = imageUuid === null ? undefined : images.get(imageUuid)
        const image =
          found && !found.image.isDeleted && allows(actor, 'image.view', found.image, found.members)
        return {
          username: (userId === null ? undefined : users.get(userId)) ?? null,
          project: project === undefined ? null : { id: projectId!, name: project },
          image: image ? { uuid: imageUuid!, name: found.image.name, handle: found.image.handle } : null,
        }
      }
    },
  }

  async function usernames(ids: readonly number[]): Promise<ReadonlyMap<number, string>> {
    const rows = await db
      .selectFrom('users')
      .select(['id', 'username'])
      .where('id', 'in', padded([...new Set(ids), 0]))
      .execute()
    return new Map(rows.map(({ id, username }) => [id, username]))
  }

  async function projectNames(ids: readonly number[]): Promise<ReadonlyMap<number, string>> {
    const rows = await db
      .selectFrom('projects')
      .select(['id', 'name'])
      .where('id', 'in', padded([...new Set(ids), 0]))
      .execute()
    return new Map(rows.map(({ id, name }) => [id, name]))
  }
}
