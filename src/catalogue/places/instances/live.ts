import type { Host, Hypervisor } from '../../../hypervisor/hypervisor.ts'
import type { Core } from '../../core.ts'
import { Failure, isFailure } from '../../failure.ts'
import { now } from '../../time.ts'
import type { Instance } from './instance.ts'
import { bringUpToDate } from './observed.ts'

/** How long a look at a hypervisor counts, and how long one that did not answer is left alone. Milliseconds. */
const usualPauses = { fresh: 1_000, afterFailure: 10_000 }

type Look = {
  readonly done: Promise<boolean>
  /** Nobody waits for it. */
  readonly behind: boolean
  endedAt: number | null
  failed: boolean
}

/** What a compute resource is for those who ask its hypervisor. */
export type Reached = {
  readonly hypervisor: Hypervisor
  /** The paths it names are files of this machine. */
  readonly here: boolean
}

/**
 * Compute resources of the provider Libvirt whose URL may be used are live: what their hypervisors report is what the
 * catalogue shows (one-catalogue.md section 2). All others are records. What this process saw last is remembered here,
 * so that many readers share one look.
 */
export function liveResources(core: Core, pauses = usualPauses) {
  const { database, hypervisors } = core
  const looks = new Map<string, Look>()

  /** Brings the instances of all live compute resources up to date, unless that was done a moment ago. */
  async function observe(): Promise<void> {
    const resources = await database.db
      .selectFrom('compute_resources')
      .select(['id', 'url'])
      .where('provider', '=', 'Libvirt')
      .execute()
    await Promise.all(resources.map((resource) => observeOne(resource)))
  }

  async function observeOne(resource: { id: number; url: string | null }): Promise<void> {
    const key = keyOf(resource.id, resource.url)
    const known = looks.get(key)
    if (known && isFresh(known)) {
      if (!known.behind) await known.done
      return
    }
    // One that did not answer may keep us waiting again: readers get what was seen last.
    const behind = known?.failed === true
    const done = look(resource)
    const begun: Look = { done, behind, endedAt: null, failed: false }
    looks.set(key, begun)
    const ended = finish(key, begun)
    if (behind) ended.catch(() => {})
    else await ended
  }

  async function finish(key: string, begun: Look): Promise<void> {
    try {
      begun.failed = !(await begun.done)
      begun.endedAt = performance.now()
    } catch (error) {
      // Not the hypervisor's fault: the next one tries again.
      if (looks.get(key) === begun) looks.delete(key)
      throw error
    }
  }

  function isFresh({ endedAt, failed }: Look): boolean {
    if (endedAt === null) return true
    return performance.now() - endedAt < (failed ? pauses.afterFailure : pauses.fresh)
  }

  /** False when the hypervisor cannot be asked: its instances stay as they were last seen. */
  async function look({ id, url }: { id: number; url: string | null }): Promise<boolean> {
    const hypervisor = url === null ? null : hypervisors.at(url)
    const askedAt = now()
    let host: Host | null = null
    try {
      if (hypervisor) host = await hypervisor.look()
    } catch (error) {
      if (!isFailure(error)) throw error
      await loseNodes(id)
      return false
    }
    await bringUpToDate(core, { resourceId: id, host, askedAt })
    return true
  }

  async function loseNodes(resourceId: number): Promise<void> {
    await database.db
      .updateTable('nodes')
      .set({ status: 'unreachable', updated_at: now() })
      .where('status', '=', 'online')
      .where('hostname', 'in', (query) =>
        query
          .selectFrom('instances')
          .select('node')
          .where('compute_resource_id', '=', resourceId)
          .where('live', '=', 1)
          .$castTo<{ node: string }>(),
      )
      .execute()
  }

  return {
    observe,

    /** What was seen of an instance's compute resource counts no more: it was just changed. */
    forget({ computeResourceId }: Pick<Instance, 'computeResourceId'>): void {
      for (const key of looks.keys()) if (key.startsWith(keyOf(computeResourceId ?? 0, ''))) looks.delete(key)
    },

    /** @throws Failure `unavailable` (reason `hypervisor`) when its compute resource is not live any more. */
    async reach(instance: Instance): Promise<Reached> {
      const { url } = (await database.db
        .selectFrom('compute_resources')
        .select('url')
        .where('id', '=', instance.computeResourceId ?? 0)
        .where('provider', '=', 'Libvirt')
        .executeTakeFirst()) ?? { url: null }
      const hypervisor = url === null ? null : hypervisors.at(url)
      if (!hypervisor || url === null)
        throw new Failure('unavailable', 'The compute resource of this instance is not live.', {
          reason: 'hypervisor',
        })
      return { hypervisor, here: hypervisors.isHere(url) }
    },
  }
}
export type LiveResources = ReturnType<typeof liveResources>

/** The URL belongs to it: one that was changed is another hypervisor. */
function keyOf(id: number, url: string | null): string {
  return `${id} ${url ?? ''}`
}
