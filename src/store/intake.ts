/** The part of receiving that all stores share: bounds, inspection, slots, digests, interruption. */
import { Failure, isFailure } from '../catalogue/failure.ts'
import { type Digesting, digestsOf, startDigests } from './digests.ts'
import { type SlotPool, slotPool } from './slots.ts'
import type { DigestName, Received, ReceiveOptions } from './store.ts'

export const mebibyte = 1024 * 1024

/** What all bytes of one transfer pass through, slot by slot. */
export type Sink = {
  readonly pool: SlotPool
  /** Size of the n-th slot, where it is not the usual one of the pool. */
  slotBytes?(index: number): number
  /** Called in order, without waiting for the previous write. Settled when the bytes may be overwritten. */
  write(bytes: Buffer, position: number, index: number): Promise<void>
  /** Something failed: let the writes under way end soon, the bytes are not wanted any more. */
  stop?(): void
}

/** Less than this is hashed on the event loop: under a millisecond, and no message to any thread. */
const inlineBytes = 256 * 1024
const progressMs = 250

/**
 * Takes a stream in: every byte has been written by the sink, hashed and accepted when this returns.
 * @throws Failure `too-large`, `interrupted`, or what the sink, `inspect` or `accept` threw. No write is under way then.
 */
export async function takeIn(
  source: AsyncIterable<Uint8Array>,
  options: ReceiveOptions,
  sink: Sink,
): Promise<Received> {
  const { signal, maxBytes = Number.POSITIVE_INFINITY, inspect } = options
  const lease = sink.pool.lease()
  const inFlight = new Set<Promise<void>>()
  let digesting: Digesting | undefined
  let broken: { readonly error: unknown } | undefined
  let onBroken: ((error: unknown) => void) | undefined

  const breakOff = (error: unknown) => {
    if (broken) return
    broken = { error }
    sink.stop?.()
    onBroken?.(error)
  }
  const throwIfBroken = () => {
    if (broken) throw broken.error
  }
  const onAbort = () => breakOff(cancelled(signal!))

  /** Waits, but not when the transfer is already lost: a silent sender must not hold up the cleaning. */
  const unlessBroken = <T>(promise: Promise<T>) =>
    new Promise<T>((resolve, reject) => {
      // One callback that is replaced, instead of a race with a promise that would collect a listener per chunk.
      onBroken = reject
      if (broken) reject(broken.error)
      promise.then(resolve, reject)
    })

  async function process(slot: Buffer, bytes: Buffer, position: number, index: number) {
    const written = sink.write(bytes, position, index).catch(breakOff)
    const hashed = digesting?.add(bytes).catch(breakOff)
    await Promise.all([written, hashed])
    lease.give(slot)
  }

  function dispatch(slot: Buffer, bytes: Buffer, position: number, index: number) {
    const task: Promise<void> = process(slot, bytes, position, index).finally(() => inFlight.delete(task))
    inFlight.add(task)
  }

  let iterator: AsyncIterator<Uint8Array> | undefined
  let exhausted = false
  try {
    if (signal?.aborted) onAbort()
    signal?.addEventListener('abort', onAbort)
    let size = 0
    let index = 0
    let slot: Buffer | undefined
    let filled = 0
    let reported = performance.now()

    for (;;) {
      throwIfBroken()
      iterator ??= source[Symbol.asyncIterator]()
      const step = await unlessBroken(nextOf(iterator))
      if (step.done) break
      const chunk = step.value
      if (size + chunk.length > maxBytes) throw tooLarge(maxBytes)
      inspect?.(chunk)
      for (let taken = 0; taken < chunk.length; ) {
        slot ??= await unlessBroken(lease.take(sink.slotBytes?.(index)))
        const piece = chunk.subarray(taken, taken + slot.length - filled)
        slot.set(piece, filled)
        filled += piece.length
        taken += piece.length
        if (filled < slot.length) continue
        digesting ??= startDigests(options.digests)
        dispatch(slot, slot, size + taken - filled, index++)
        slot = undefined
        filled = 0
      }
      size += chunk.length
      if (options.progress && performance.now() - reported >= progressMs) {
        reported = performance.now()
        options.progress(size)
      }
    }
    exhausted = true

    const rest = slot?.subarray(0, filled) ?? Buffer.alloc(0)
    const inline = size < inlineBytes ? digestsOf(rest, options.digests) : undefined
    if (!inline) digesting ??= startDigests(options.digests)
    if (slot) dispatch(slot, rest, size - filled, index)
    await Promise.all(inFlight)
    throwIfBroken()
    const received = { size, digests: inline ?? (await digesting!.finish()) }
    options.progress?.(size)
    await options.accept?.(received)
    throwIfBroken()
    return received
  } catch (error) {
    breakOff(error)
    await Promise.all(inFlight)
    throw error
  } finally {
    signal?.removeEventListener('abort', onAbort)
    digesting?.discard()
    lease.end()
    // Not awaited: a source that hangs in `next` would also hang here.
    if (!exhausted) void Promise.resolve(iterator?.return?.()).catch(() => {})
  }
}

const digestPool = slotPool({ slotBytes: mebibyte, perLease: 4, extra: 8 })

/** The digests of any stream, computed like those of a reception; for blobs whose digests are asked for later. */
export async function digestStream(
  source: AsyncIterable<Uint8Array>,
  digests: readonly DigestName[],
  signal?: AbortSignal,
): Promise<Received> {
  return await takeIn(
    source,
    { digests, ...(signal && { signal }) },
    { pool: digestPool, write: async () => {} },
  )
}

async function nextOf(iterator: AsyncIterator<Uint8Array>) {
  try {
    return await iterator.next()
  } catch (error) {
    // A source may know better what happened, e.g. `upstream`.
    throw isFailure(error) ? error : interrupted('The sender broke off before the end.', error)
  }
}

export function cancelled(signal: AbortSignal): Failure {
  return interrupted('The transfer was cancelled before its end.', signal.reason)
}

export function interrupted(message: string, cause?: unknown): Failure {
  return new Failure('interrupted', message, {}, { cause })
}

export function tooLarge(maxBytes: number): Failure {
  return new Failure('too-large', `The image is larger than the ${maxBytes} bytes that are allowed here.`, {
    reason: 'image-size',
  })
}
