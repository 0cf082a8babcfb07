import { randomUUID } from 'node:crypto'
import { Failure, type FailureCode } from '../catalogue/failure.ts'
import { command, unavailable } from './command.ts'

export type VirshOptions = { readonly signal?: AbortSignal | undefined; readonly timeout: number }

/** One command of virsh: its name and arguments, each `--option=value` or `--flag`, so that no value is taken for an option. */
export type VirshCommand = readonly [name: string, ...args: string[]]

export type Virsh = {
  /** Runs one command and gives what it says. @throws Failure as `Hypervisor` */
  run(what: VirshCommand, options: VirshOptions): Promise<string>
  /**
   * Runs many commands in few processes and gives what each says: '' where it failed because its domain or snapshot
   * has vanished. @throws Failure when one failed for another reason
   */
  batch(commands: readonly VirshCommand[], options: VirshOptions): Promise<readonly string[]>
}

/** 10,000 domains are about 60 MB of XML. */
const maxBytes = 256 * 2 ** 20
/** The kernel takes 128 KiB as one argument. */
const maxScriptLength = 100_000

const vanished =
  /failed to get domain|Domain not found|Domain snapshot not found|no domain (snapshot )?with matching/

/** What stderr says → what it is. The first match counts. */
const meanings: readonly (readonly [
  said: RegExp,
  code: FailureCode,
  message: string,
  subject?: 'instance' | 'snapshot',
])[] = [
  [
    /failed to connect|unable to connect|Disconnected from|[Ee]nd of file while reading|Cannot (?:recv|write) data|socket is closed|authentication failed/,
    'unavailable',
    'The hypervisor cannot be reached.',
  ],
  [
    /failed to get domain|Domain not found|no domain with matching/,
    'not-found',
    'The hypervisor does not know this instance.',
    'instance',
  ],
  [
    /no domain snapshot with matching|Domain snapshot not found/,
    'not-found',
    'The hypervisor does not know this snapshot.',
    'snapshot',
  ],
  [/domain moment .* already exists/, 'conflict', 'The instance has a snapshot of this name.', 'snapshot'],
  [/state change lock/, 'busy', 'Another operation holds the instance.', 'instance'],
  [
    /[Rr]equested operation is not valid|[Oo]peration not supported|unsupported configuration|argument unsupported|Domain is already active/,
    'state',
    'The hypervisor refuses this in the present state',
    'instance',
  ],
]

export function virsh(url: string): Virsh {
  const start = (args: readonly string[], { signal, timeout }: VirshOptions) =>
    command('virsh', ['--quiet', `--connect=${url}`, ...args], { signal, timeout, maxBytes })

  async function runScript(part: readonly VirshCommand[], options: VirshOptions): Promise<string[]> {
    // Nothing that a guest's owner writes into a description can look like it.
    const mark = `<<${randomUUID()}>>`
    const { code, stdout, stderr } = await start([script(part, mark)], options)
    const pieces = stdout.split(mark)
    // Before the first mark stands nothing, and after the last one nothing either: it tells that the end was reached.
    if (code !== 0 || pieces.length !== part.length + 2) throw virshFailure(stderr)
    const said = pieces.slice(1, -1)
    const failed = stderr.split('\n').filter((line) => line.startsWith('error: '))
    if (failed.some((line) => !vanished.test(line))) throw virshFailure(stderr)
    return said
  }

  return {
    async run(what, options) {
      const { code, stdout, stderr } = await start(what, options)
      if (code !== 0) throw virshFailure(stderr)
      return stdout
    },
    async batch(commands, options) {
      const said: string[] = []
      for (const part of parts(commands)) said.push(...(await runScript(part, options)))
      return said
    },
  }
}

/** virsh's own small language: `;` between commands, and quotes as in a shell. It has no variables and starts nothing. */
function script(commands: readonly VirshCommand[], mark: string): string {
  const echo = `echo ${quoted(mark)}; `
  return commands.map((each) => `${echo}${line(each)}; `).join('') + echo
}

function line(what: VirshCommand): string {
  return what.map(quoted).join(' ')
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}

function* parts(commands: readonly VirshCommand[]): Generator<readonly VirshCommand[]> {
  let part: VirshCommand[] = []
  let length = 0
  for (const each of commands) {
    const more = Buffer.byteLength(line(each)) + 60
    if (part.length > 0 && length + more > maxScriptLength) {
      yield part
      part = []
      length = 0
    }
    part.push(each)
    length += more
  }
  if (part.length > 0) yield part
}

/** The Failure that stderr tells of; all that it says is the `cause`. */
export function virshFailure(stderr: string): Failure {
  const cause = new Error(`virsh: ${stderr.trim().slice(0, 4000)}`)
  const meaning = meanings.find(([said]) => said.test(stderr))
  if (!meaning) return unavailable('The hypervisor failed.', cause)
  const [, code, message, subject] = meaning
  if (code === 'unavailable') return unavailable(message, cause)
  const why = code === 'state' ? `: ${lastWords(stderr)}` : ''
  return new Failure(code, message + why, subject ? { subject } : {}, { cause })
}

/** The last line names the reason, the ones before it the operation. */
function lastWords(stderr: string): string {
  const lines = stderr.split('\n').filter((line) => line.startsWith('error: '))
  return (lines.at(-1) ?? '').slice('error: '.length)
}
