import { Failure } from '../failure.ts'

/** How much one process receives at once (IMAGEPORT_MAX_UPLOADS), whoever asked for it. */
export function transferSlots(most: number) {
  let taken = 0
  return {
    taken: () => taken,

    /** Carries out a transfer while there is room for it. @throws Failure `busy` (reason `transfers`) */
    async occupy<T>(transfer: () => Promise<T>): Promise<T> {
      if (taken >= most)
        throw new Failure('busy', 'Too many uploads in parallel, try again later', { reason: 'transfers' })
      taken++
      try {
        return await transfer()
      } finally {
        taken--
      }
    },
  }
}
export type TransferSlots = ReturnType<typeof transferSlots>
