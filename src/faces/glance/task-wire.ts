import type { ImportPayload } from '../../catalogue/images/imports.ts'
import type { StoreImportPayload } from '../../catalogue/images/store-imports/payload.ts'
import { withoutSecrets } from '../../catalogue/images/without-secrets.ts'
import type { ImageTask } from '../../catalogue/tasks/image-tasks.ts'
import type { TaskState } from '../../catalogue/tasks/task.ts'
import { second, toSeconds } from '../../catalogue/time.ts'

const statuses: Readonly<Record<TaskState, string>> = {
  pending: 'pending',
  running: 'processing',
  succeeded: 'success',
  failed: 'failure',
  cancelled: 'failure',
}

/** A task among those of its image: everything, with times of a form of their own (glance.md section 17). */
export function taskRow(shown: ImageTask): object {
  const { task, updatedAt, expiresAt } = shown
  return {
    ...common(shown),
    ...details(shown),
    image_id: task.imageUuid,
    request_id: task.requestId,
    user_id: shown.user,
    created_at: toMicroseconds(task.createdAt),
    updated_at: toMicroseconds(updatedAt),
    expires_at: expiresAt === null ? null : toMicroseconds(expiresAt),
    deleted_at: null,
    deleted: false,
  }
}

/** Without what it was given and what came of it, as lists show it. */
export function toListedTask(shown: ImageTask): object {
  const { task, user, updatedAt, expiresAt } = shown
  return {
    ...common(shown),
    ...(task.imageUuid === null ? {} : { image_id: task.imageUuid }),
    ...(task.requestId === null ? {} : { request_id: task.requestId }),
    ...(user === null ? {} : { user_id: user }),
    ...(expiresAt === null ? {} : { expires_at: toSeconds(expiresAt) }),
    created_at: toSeconds(task.createdAt),
    updated_at: toSeconds(updatedAt),
    self: `/v2/tasks/${task.id}`,
    schema: '/v2/schemas/task',
  }
}

export const toTask = (shown: ImageTask): object => ({ ...toListedTask(shown), ...details(shown) })

function common({ task, owner }: ImageTask): object {
  return {
    id: task.id,
    type: task.kind === 'location-import' ? 'location_import' : 'api_image_import',
    status: statuses[task.state],
    owner,
  }
}

function details(shown: ImageTask): object {
  const { task } = shown
  const { message } = (task.result ?? {}) as { readonly message?: string }
  return {
    input: inputOf(shown),
    result: task.state === 'succeeded' ? { image_id: task.imageUuid } : null,
    message: task.failure ?? message ?? '',
  }
}

/**
 * The request that was made, as it was to those who may change the image (glance.md section 17), or what it would have been
 * here where another wire was asked.
 */
function inputOf({ task, mayChange }: ImageTask): object {
  const image_id = task.imageUuid
  const url = () => withoutSecrets((task.payload as ImportPayload).url)
  if (task.kind === 'location-import') return { image_id, loc_url: url() }
  if (task.kind === 'import-url') {
    const uri = url()
    return { image_id, import_req: { method: { name: 'web-download', uri } }, backend: [] }
  }
  const { request, stores } = task.payload as StoreImportPayload
  return { image_id, import_req: mayChange ? request : tellable(request), backend: stores }
}

/** A request without what gives access to its source. */
function tellable(request: unknown): unknown {
  const { method, ...rest } = request as { readonly method: { readonly uri?: unknown } }
  if (typeof method.uri !== 'string') return request
  return { ...rest, method: { ...method, uri: withoutSecrets(method.uri) } }
}

/** `2026-11-21T00:37:14.000000`: always with microseconds, and without a zone. */
function toMicroseconds(instant: number): string {
  return `${toSeconds(instant).slice(0, -1)}.${String(instant % second).padStart(6, '0')}`
}
