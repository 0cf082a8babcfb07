import type { Actor } from '../../catalogue/actor.ts'
import type { AuditEntry } from '../../catalogue/audit.ts'
import type { Applied } from '../../catalogue/bootstrap/upsert.ts'
import type { Usage } from '../../catalogue/bytes/usage.ts'
import type { Image } from '../../catalogue/images/image.ts'
import type { Project } from '../../catalogue/people/projects.ts'
import type { Token } from '../../catalogue/people/tokens.ts'
import type { Account } from '../../catalogue/people/users.ts'
import type { Task } from '../../catalogue/tasks/task.ts'
import type {
  WireApplied,
  WireHistoryEntry,
  WireImage,
  WireProject,
  WireRole,
  WireTask,
  WireToken,
  WireUser,
} from './wire.ts'

/** From what the catalogue returns to what wire.ts promises. */

/** Microseconds since 1970 → ISO 8601. */
export function iso(instant: number): string {
  return new Date(Math.floor(instant / 1000)).toISOString()
}

export function isoOrNull(instant: number | null): string | null {
  return instant === null ? null : iso(instant)
}

export function toWireImage(image: Image): WireImage {
  const { owner, digests } = image
  return {
    uuid: image.uuid,
    handle: image.handle,
    name: image.name,
    status: image.status,
    visibility: image.visibility,
    type: image.type,
    project: owner && { id: owner.id, name: owner.name, label: owner.label },
    region: image.region,
    diskFormat: image.diskFormat,
    containerFormat: image.containerFormat,
    size: image.size,
    virtualSize: image.virtualSize,
    md5: digests.md5,
    sha1: digests.sha1,
    sha256: digests.sha256,
    sha512: digests.sha512,
    minDisk: image.minDisk,
    minRam: image.minRam,
    protected: image.protected,
    hidden: image.hidden,
    tags: image.tags,
    properties: image.properties,
    failure: image.failure,
    createdAt: iso(image.createdAt),
    updatedAt: iso(image.updatedAt),
    publishedAt: isoOrNull(image.publishedAt),
    cleanupAt: isoOrNull(image.cleanupAt),
  }
}

/** Without the payload: an import's URL may hold a password. */
export function toWireTask(task: Task): WireTask {
  return {
    id: task.id,
    kind: task.kind,
    image: task.imageUuid,
    state: task.state,
    progress: task.progress,
    progressTotal: task.progressTotal,
    result: task.result,
    failure: task.failure,
    attempts: task.attempts,
    cancelRequested: task.cancelRequested,
    createdAt: iso(task.createdAt),
    startedAt: isoOrNull(task.startedAt),
    finishedAt: isoOrNull(task.finishedAt),
  }
}

/** @param names of projects by id; a project that is not among them is left out */
export function toWireRoles(roles: Actor['roles'], names: ReadonlyMap<number, string>): WireRole[] {
  return [...roles].flatMap(([id, held]) => {
    const project = names.get(id)
    return project === undefined ? [] : [...held].map((role) => ({ project, role }))
  })
}

export function toWireUser(account: Account, names: ReadonlyMap<number, string>): WireUser {
  const { defaultProjectId } = account
  return {
    id: account.id,
    uuid: account.uuid,
    username: account.username,
    firstName: account.firstName,
    lastName: account.lastName,
    email: account.email,
    superAdmin: account.superAdmin,
    enabled: account.enabled,
    apiAccess: account.apiAccess,
    defaultProject: defaultProjectId === null ? null : (names.get(defaultProjectId) ?? null),
    roles: toWireRoles(account.roles, names),
    createdAt: iso(account.createdAt),
    updatedAt: iso(account.updatedAt),
  }
}

export function toWireToken(token: Token): WireToken {
  return {
    id: token.id,
    label: token.label,
    createdAt: iso(token.createdAt),
    expiresAt: isoOrNull(token.expiresAt),
    networks: token.networks,
  }
}

export function toWireProject(project: Project, usage: Usage): WireProject {
  return {
    id: project.id,
    uuid: project.uuid,
    name: project.name,
    label: project.label,
    description: project.description,
    access: project.access,
    enabled: project.enabled,
    quotaBytes: project.settings.quotaBytes,
    quotaImages: project.settings.quotaImages,
    quotaStagedBytes: project.settings.quotaStagedBytes,
    quotaUploads: project.settings.quotaUploads,
    usedBytes: usage.bytes,
    usedImages: usage.images,
    usedStagedBytes: usage.stagedBytes,
    usedUploads: usage.transfers,
    createdAt: iso(project.createdAt),
    updatedAt: iso(project.updatedAt),
  }
}

export function toWireHistoryEntry(entry: AuditEntry): WireHistoryEntry {
  return {
    id: entry.id,
    at: iso(entry.at),
    username: entry.username,
    face: entry.face,
    requestId: entry.requestId,
    action: entry.action,
    before: entry.before,
    after: entry.after,
  }
}

export function toWireApplied(applied: readonly Applied[]): WireApplied {
  return { applied: applied.map(({ what, did }) => ({ what, did })) }
}
