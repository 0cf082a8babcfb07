import type { Actor } from '../actor.ts'
import type { Core, Trx } from '../core.ts'
import type { Image } from './image.ts'
import type { StoredFacts } from './row.ts'
import { saveImage } from './save.ts'

/**
 * The bytes are there: the image becomes active, and at once deactivated where that was asked for while it waited for
 * them (one-catalogue.md section 3: Danube's access 4).
 */
export async function completeImage(
  trx: Trx,
  core: Core,
  actor: Actor,
  image: Image,
  facts: Partial<StoredFacts>,
  action: string,
): Promise<Image> {
  const active = { ...facts, status: 'active' as const, external: false, failure: null }
  const saved = await saveImage(trx, core, actor, image, active, action)
  if (!saved.withdrawn) return saved
  return saveImage(trx, core, actor, saved, { status: 'deactivated', withdrawn: false }, 'deactivate')
}
