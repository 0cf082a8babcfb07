import { Failure } from '../failure.ts'
import type { Image } from './image.ts'

/** @throws Failure `forbidden` (reason `protected`) */
export function demandUnprotected({ uuid, protected: isProtected }: Image): void {
  if (!isProtected) return
  throw new Failure('forbidden', `Image ${uuid} is protected and cannot be deleted.`, {
    subject: 'image',
    id: uuid,
    reason: 'protected',
  })
}
