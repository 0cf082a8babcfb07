import { allows, permitted } from '../access.ts'
import type { Actor } from '../actor.ts'
import type { Core } from '../core.ts'
import { isObject, own, uuidPattern } from '../manifests/manifest.ts'
import { toTask } from '../tasks/task.ts'
import { findImage, membersOf } from './find.ts'
import type { Image } from './image.ts'
import { bringing, type Source, sourceOf } from './source.ts'

/** Who did something, and through which face. */
export type Deed = { readonly at: number; readonly username: string; readonly face: string }

/** Who made an image, and where its bytes come from, as far as that is known. */
export type Provenance = {
  readonly made: Deed | null
  /** Who brought its bytes; null while there are none. */
  readonly filled: Deed | null
  readonly source: Source | null
  /** The image without which its bytes are of no use (danube.md 7.3, `origin`). */
  readonly builtOn: string | null
}

/** What the audit log calls the arrival of bytes; each says that the image is active, or has them staged. */
const arrivals = ['bytes-received', 'bytes-located', 'import', 'copy'] as const

export function provenance({ database: { db } }: Core) {
  const entries = (image: Image) =>
    db
      .selectFrom('audit')
      .select(['at', 'username', 'face', 'action'])
      .where('subject_kind', '=', 'image')
      .where('subject_id', '=', image.uuid)

  /** Null for an image that is gone, or that the actor does not see. */
  async function visible(actor: Actor, uuid: string): Promise<string | null> {
    const image = await findImage(db, uuid)
    if (!image || image.status === 'deleted') return null
    return allows(actor, 'image.view', image, await membersOf(db, image)) ? image.uuid : null
  }

  return {
    /**
     * Null for those who do not belong to the project of the image: how it works is not theirs to know. Callers have checked
     * that the actor may see the image.
     */
    async of(actor: Actor, image: Image): Promise<Provenance | null> {
      if (!permitted(actor, 'image.view', image.ownerId)) return null
      const made = await entries(image)
        .where('action', '=', 'create')
        .orderBy('id')
        .limit(1)
        .executeTakeFirst()
      const filled = await entries(image)
        .where('action', 'in', arrivals)
        .orderBy('id', 'desc')
        .limit(1)
        .executeTakeFirst()
      const tasks = await db
        .selectFrom('tasks')
        .selectAll()
        .where('image_uuid', '=', image.uuid)
        .where('kind', 'in', bringing)
        .where('state', 'in', ['pending', 'running', 'succeeded'])
        .orderBy('created_at', 'desc')
        .limit(20)
        .execute()
      const source = sourceOf(image, tasks.map(toTask), filled?.action ?? null)
      return {
        made: made ? deed(made) : null,
        filled: filled && image.size !== null ? deed(filled) : null,
        source: source && { ...source, image: source.image && (await visible(actor, source.image)) },
        builtOn: originOf(image),
      }
    },
  }
}

const deed = ({ at, username, face }: Deed): Deed => ({ at, username, face })

function originOf({ manifest }: Image): string | null {
  const said = isObject(manifest) ? own(manifest, 'origin') : undefined
  return typeof said === 'string' && uuidPattern.test(said) ? said : null
}
