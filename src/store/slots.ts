/**
 * Shared memory through which bytes pass on their way into a store. A slot is filled on the event loop, read by the
 * disk (or the network) and by the digest threads, and is free again when all of them are done with it.
 */

export type SlotPool = {
  /** One lease for each transfer. */
  lease(): SlotLease
}

export type SlotLease = {
  /** Waits until a slot is free: this is what holds a fast sender back. One call at a time. */
  take(bytes?: number): Promise<Buffer>
  give(slot: Buffer): void
  /** Gives everything back, and lets a waiting `take` wait for ever. Call it when nothing reads the slots any more. */
  end(): void
}

export type SlotPoolOptions = {
  readonly slotBytes: number
  /** Most slots one transfer may hold. */
  readonly perLease: number
  /**
   * Slots for all transfers together, beyond the first one of each. The first is always granted, because a pool that
   * fifty sleeping senders can empty would stop everybody else; the memory bound is (transfers + `extra`) slots.
   */
  readonly extra: number
}

export function slotPool({ slotBytes, perLease, extra }: SlotPoolOptions): SlotPool {
  const free: Buffer[] = []
  const waiting = new Set<() => boolean>()
  let extraBytes = 0

  function serveWaiting() {
    for (const serve of waiting) if (serve()) waiting.delete(serve)
  }

  function lease(): SlotLease {
    /** Slots of another size are reused within their transfer only. */
    const spare: Buffer[] = []
    let held = 0
    let heldBytes = 0
    let waiter: (() => boolean) | undefined

    const beyondFirst = (bytes: number) => Math.max(0, bytes - slotBytes)

    function mayTake(bytes: number): boolean {
      const more = beyondFirst(heldBytes + bytes) - beyondFirst(heldBytes)
      return held === 0 || (held < perLease && extraBytes + more <= extra * slotBytes)
    }

    function hold(slots: number, bytes: number) {
      extraBytes += beyondFirst(heldBytes + bytes) - beyondFirst(heldBytes)
      held += slots
      heldBytes += bytes
    }

    function grab(bytes: number): Buffer {
      hold(1, bytes)
      if (bytes === slotBytes) return free.pop() ?? newSlot(bytes)
      const fitting = spare.findIndex((slot) => slot.length === bytes)
      return fitting < 0 ? newSlot(bytes) : spare.splice(fitting, 1)[0]!
    }

    return {
      async take(bytes = slotBytes) {
        if (mayTake(bytes)) return grab(bytes)
        return await new Promise<Buffer>((resolve) => {
          waiter = () => {
            if (!mayTake(bytes)) return false
            resolve(grab(bytes))
            return true
          }
          waiting.add(waiter)
        })
      },
      give(slot) {
        hold(-1, -slot.length)
        if (slot.length !== slotBytes) spare.push(slot)
        else if (free.length < extra) free.push(slot)
        serveWaiting()
      },
      end() {
        if (waiter) waiting.delete(waiter)
        hold(-held, -heldBytes)
        serveWaiting()
      },
    }
  }

  return { lease }
}

function newSlot(bytes: number): Buffer {
  return Buffer.from(new SharedArrayBuffer(bytes))
}
