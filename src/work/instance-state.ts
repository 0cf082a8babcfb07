import { isFailure } from '../catalogue/failure.ts'
import type { StatePayload } from '../catalogue/places/instances/states.ts'
import type { Kind } from './kind.ts'

/** Starts, stops or reboots an instance: a live one through its hypervisor, a record by saying so. */
export const instanceState: Kind = {
  name: 'instance-state',

  async run({ task, signal }, { catalogue }) {
    const payload = task.payload as StatePayload
    const instance = await catalogue.instanceStates.atWork(payload)
    if (instance.live) {
      const { hypervisor } = await catalogue.liveResources.reach(instance)
      await hypervisor.setState(instance.uuid, payload.change, { force: payload.force, signal })
    }
    await catalogue.instanceStates.settle(instance, payload)
    catalogue.liveResources.forget(instance)
    return {}
  },

  retry: (error) => isFailure(error, 'busy'),
}
