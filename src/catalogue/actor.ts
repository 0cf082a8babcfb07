import type { HeldRole } from './roles.ts'

/** Through which door a request came; recorded in the audit log. `system` is Imageport itself. */
export type Face =
  | 'console'
  | 'danube'
  | 'foreman'
  | 'glance'
  | 'identity'
  | 'imgapi'
  | 'onecloudplanet'
  | 'system'

/** Who asks. Made by a face's auth.ts from that wire's credentials; the first argument of every operation. */
export type Actor = {
  /** Null for an anonymous caller and for Imageport itself. */
  readonly userId: number | null
  readonly username: string
  /** May do everything, everywhere. */
  readonly superAdmin: boolean
  /** The project in whose name the request is made. */
  readonly projectId: number | null
  /** The roles that count for this request; a face that acts for one project lists only that one. */
  readonly roles: ReadonlyMap<number, ReadonlySet<HeldRole>>
  readonly face: Face
  readonly requestId: string | null
  /** May look at every image, and change none: nobody in particular, from a place that is trusted so far. */
  readonly reads?: 'everything'
}

/** Imageport itself: tasks, clean-up, bootstrap. */
export const systemActor: Actor = {
  userId: null,
  username: 'system',
  superAdmin: true,
  projectId: null,
  roles: new Map(),
  face: 'system',
  requestId: null,
}

export function anonymous(face: Face, requestId: string | null): Actor {
  return { userId: null, username: '', superAdmin: false, projectId: null, roles: new Map(), face, requestId }
}
