import type { Core } from '../core.ts'
import { receiving } from './receiving.ts'
import { serving } from './serving.ts'
import type { TransferSlots } from './slots.ts'

export function bytes(core: Core, slots: TransferSlots) {
  return { ...receiving(core, slots), ...serving(core) }
}
