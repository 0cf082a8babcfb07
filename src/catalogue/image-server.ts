import { demandPermission } from './access.ts'
import type { Actor } from './actor.ts'
import type { Core, Query } from './core.ts'
import { Failure } from './failure.ts'
import { fold } from './fold.ts'
import { normaliseUuid } from './images/find.ts'
import { installationSettings } from './installation-settings.ts'

/** danube.md 1.9. `off`: images are records only; the last two refuse work on images. */
export type ImageServerState = 'off' | 'usable' | 'unavailable' | 'node-down'

export type ImageServer = {
  readonly state: ImageServerState
  /** As people call it; null: there is none. */
  readonly name: string | null
  /** Of the instance; null: Imageport itself, or one that is gone. */
  readonly uuid: string | null
  /** Where compute nodes find it; null: unknown, or wherever Imageport is reached. */
  readonly address: string | null
}

/** What Imageport itself is called where it is its own image server. */
export const imageServerName = 'imageport'

const none: ImageServer = { state: 'off', name: null, uuid: null, address: null }
/** `ostype` of a SunOS zone, which is what Danube's image server runs in. */
const zone = 5

/** Why an instance cannot be the image server. */
export type Unfit = 'absent' | 'status' | 'ostype'

export function imageServer({ database }: Core) {
  async function view(query: Query = database.db): Promise<ImageServer> {
    const settings = await installationSettings(query)
    if (!settings.imageServer) return none
    const uuid = settings.imageServerVm
    if (uuid === null) return { ...none, state: 'usable', name: imageServerName }
    const vm = await query
      .selectFrom('instances')
      .leftJoin('nodes', 'nodes.hostname', 'instances.node')
      .select(['instances.hostname', 'instances.status', 'instances.ips_json', 'instances.node'])
      .select('nodes.status as node_status')
      .where('instances.uuid', '=', uuid)
      .executeTakeFirst()
    if (!vm) return { state: 'unavailable', name: uuid, uuid: null, address: null }
    const address = (JSON.parse(vm.ips_json) as string[])[settings.imageServerNic - 1] ?? null
    // An instance without a node was entered by hand; no node of it can be down.
    const reachable = vm.node === null || vm.node_status === 'online'
    const fit = isUp(vm.status) && address !== null
    const state = !fit ? 'unavailable' : reachable ? 'usable' : 'node-down'
    return { state, name: vm.hostname, uuid, address }
  }

  return {
    view,

    async state(query?: Query): Promise<ImageServerState> {
      return (await view(query)).state
    },

    /**
     * Asks that the image server can work now; false where there is none, and everything is done at once.
     * @throws Failure `unavailable` (subject `image-server`), `state` (subject `node`)
     */
    async demandUsable(query?: Query): Promise<boolean> {
      const { state, name } = await view(query)
      if (state === 'unavailable') throw imageServerUnavailable()
      if (state === 'node-down')
        throw new Failure('state', `The node of the image server ${name} is not online.`, { subject: 'node' })
      return state === 'usable'
    },

    /**
     * May this instance, named by uuid or hostname, become the image server?
     * @throws Failure `forbidden` (reason `permission`)
     */
    async candidate(actor: Actor, text: string): Promise<{ uuid: string } | { unfit: Unfit }> {
      demandPermission(actor, 'manage-directory')
      const instances = database.db.selectFrom('instances').select(['uuid', 'status', 'ostype'])
      const vm =
        (await instances.where('uuid', '=', normaliseUuid(text) ?? '').executeTakeFirst()) ??
        // Hostnames are unique inside of a project only: the oldest project's counts.
        (await instances
          .where('hostname_fold', '=', fold(text))
          .orderBy('project_id')
          .orderBy('uuid')
          .limit(1)
          .executeTakeFirst())
      if (!vm) return { unfit: 'absent' }
      if (!isUp(vm.status)) return { unfit: 'status' }
      return vm.ostype === zone ? { uuid: vm.uuid } : { unfit: 'ostype' }
    },
  }
}

/** Also for what cannot be done without an image server at all (danube.md 1.8). */
export function imageServerUnavailable(): Failure {
  return new Failure('unavailable', 'The image server is not available.', { subject: 'image-server' })
}

function isUp(status: string): boolean {
  return status === 'running' || status === 'stopped'
}
