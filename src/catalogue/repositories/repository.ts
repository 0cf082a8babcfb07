import type { Instant } from '../../database/schema.ts'
import { Failure } from '../failure.ts'
import type { JsonObject } from '../manifests/manifest.ts'
import { danubeVersion } from '../tasks/danube-status.ts'

/** Who asks, as the logs of repositories know it. */
export const repositoryAgent = `esdc/${danubeVersion}`

/** A source of images that speaks IMGAPI (danube.md section 3), as far as it is known here. */
export type Repository = {
  readonly name: string
  /** Null for this installation's own images where nobody said at which address its repository is reached. */
  readonly url: string | null
  /** Null before it was first read. */
  readonly refreshedAt: Instant | null
  readonly imageCount: number
  /** Why the last attempt to read it failed. */
  readonly failure: string | null
}

/** An image that a repository offers. The manifest is as the repository wrote it: nothing but `uuid` has been checked. */
export type Offer = { readonly uuid: string; readonly manifest: JsonObject }

/**
 * `path` below the repository's URL, which means a directory whether or not a slash says so (danube.md 3.2).
 * @throws Failure `invalid` for what is no URL
 */
export function below(url: string, path: string): string {
  const base = URL.parse(url)
  if (!base)
    throw new Failure('invalid', 'The address of the repository is no URL.', { subject: 'repository' })
  base.search = ''
  base.hash = ''
  if (!base.pathname.endsWith('/')) base.pathname += '/'
  return new URL(path, base).href
}

export function repositoryNotFound(name: string): Failure {
  return new Failure('not-found', `No repository is named "${name}".`, { subject: 'repository', id: name })
}
