import { type ChildProcess, spawn } from 'node:child_process'
import { Failure } from '../catalogue/failure.ts'

export type CommandOptions = {
  readonly signal?: AbortSignal | undefined
  /** Milliseconds after which it is killed. No limit when left out. */
  readonly timeout?: number | undefined
  /** More bytes than this on stdout or stderr end it. Default 1 MiB. */
  readonly maxBytes?: number | undefined
  /** What it may use of the machine; systems that cannot limit a process let it run without. */
  readonly limits?: { readonly cpuSeconds: number; readonly addressSpaceBytes: number } | undefined
  /** Gets stdout as it comes, which is then not collected. */
  readonly onOutput?: ((text: string) => void) | undefined
}

export type Outcome = {
  /** Null when a signal of somebody else ended it. */
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** What virsh and the ssh below it need of our environment. Our own settings hold secrets and stay here. */
const passedOn = ['PATH', 'HOME', 'USER', 'LOGNAME', 'SSH_AUTH_SOCK', 'TMPDIR']
const passedOnPrefix = 'XDG_'

/** Ended with our own process. */
const running = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of running) kill(child)
})

/**
 * Runs a program without input, with messages in English. It leads a process group of its own, so that
 * ending it also ends what it started, and has no terminal on which it could ask for a password.
 * @throws Failure `unavailable` (reason `hypervisor`) when it cannot be started, takes too long or says too much; `interrupted`
 */
export async function command(
  program: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<Outcome> {
  const { signal, timeout, maxBytes = 2 ** 20, limits, onOutput } = options
  if (signal?.aborted) throw interrupted(signal)
  // Only a shell can lower limits for another program. Nothing of the arguments is ever part of its script.
  const started = limits ? ['/bin/sh', '-c', limited(limits), program, ...args] : [program, ...args]
  const child = spawn(started[0]!, started.slice(1), {
    env: environment(),
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  const { promise, resolve, reject } = Promise.withResolvers<Outcome>()

  let failure: Failure | null = null
  const give = (up: Failure) => {
    failure ??= up
    kill(child)
  }
  const onAbort = () => give(interrupted(signal!))
  signal?.addEventListener('abort', onAbort, { once: true })
  const timer =
    timeout !== undefined &&
    setTimeout(
      () => give(unavailable(`${program} did not finish within ${timeout / 1000} seconds.`)),
      timeout,
    )
  running.add(child)

  const output = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    let length = 0
    child[name].setEncoding('utf8').on('data', (text: string) => {
      if (name === 'stdout' && onOutput) return onOutput(text)
      length += text.length
      if (length > maxBytes) return give(unavailable(`${program} says more than ${maxBytes} bytes.`))
      output[name] += text
    })
  }
  child.on('error', (error) => reject(unavailable(`${program} cannot be started.`, error)))
  child.on('close', (code) => {
    if (limits && (code === notExecutable || code === notFound))
      failure ??= unavailable(`${program} cannot be started.`, new Error(output.stderr))
    if (failure) reject(failure)
    else resolve({ code, ...output })
  })
  try {
    return await promise
  } finally {
    if (timer) clearTimeout(timer)
    signal?.removeEventListener('abort', onAbort)
    running.delete(child)
  }
}

/** What a shell says of a program that it cannot start. */
const [notExecutable, notFound] = [126, 127]

function limited({ cpuSeconds, addressSpaceBytes }: NonNullable<CommandOptions['limits']>): string {
  const kibibytes = Math.floor(addressSpaceBytes / 1024)
  return `ulimit -t ${cpuSeconds} 2>/dev/null; ulimit -v ${kibibytes} 2>/dev/null; exec "$0" "$@"`
}

function environment(): NodeJS.ProcessEnv {
  const passed = Object.entries(process.env).filter(
    ([name]) => passedOn.includes(name) || name.startsWith(passedOnPrefix),
  )
  return { ...Object.fromEntries(passed), LC_ALL: 'C' }
}

function kill(child: ChildProcess): void {
  if (child.pid === undefined) return
  try {
    process.kill(-child.pid, 'SIGKILL')
  } catch {
    // Gone by itself.
  }
}

/** The hypervisor, or a program for it, cannot be used; `cause` says what it said. */
export function unavailable(message: string, cause?: unknown): Failure {
  return new Failure('unavailable', message, { reason: 'hypervisor' }, { cause })
}

function interrupted(signal: AbortSignal): Failure {
  if (signal.reason instanceof Failure) return signal.reason
  return new Failure('interrupted', 'The operation was stopped.', {}, { cause: signal.reason })
}
