/**
 * Debian's unmodified clients of OpenStack: `openstack`, `glance` and the SDK for Python. They share one process, in which
 * each run is a run of their own command lines; `realRun` starts one as its user would.
 */
import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { debianPackage } from './debian.ts'

const driver = fileURLToPath(new URL('openstack-clients.py', import.meta.url))
const programs = ['python3-openstackclient', 'python3-glanceclient', 'python3-openstacksdk']

/** Installs them, and other packages of Debian with them; false (and a message on stderr) where that cannot be done. */
export const openstackClients = (...more: readonly string[]): Promise<boolean> =>
  debianPackage(...programs, ...more)

/** OS_* variables: who somebody is to the clients. */
export type Environment = Readonly<Record<string, string>>

export type Run = { readonly code: number; readonly out: string; readonly err: string }

export type Clients = {
  openstack(who: Environment, ...args: readonly string[]): Promise<Run>
  glance(who: Environment, ...args: readonly string[]): Promise<Run>
  /**
   * Runs a piece of Python with `conn`, a connection of the SDK, and `given`. What it puts into `answer` is returned.
   * @throws AssertionError with Python's own words when it fails
   */
  // biome-ignore lint/suspicious/noExplicitAny: what a test expects of it, it says itself
  sdk(who: Environment, source: string, given?: unknown): Promise<any>
  close(): Promise<void>
}

/** @param home where the clients keep what they remember, such as schemas */
export async function startClients(home: string): Promise<Clients> {
  const child = spawn('/usr/bin/python3', [driver], {
    env: environmentIn(home),
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const kill = () => child.kill('SIGKILL')
  process.once('exit', kill)
  const ended = once(child, 'exit')
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  let last: Promise<unknown> = Promise.resolve()

  /** One after the other: the process does one thing at a time. */
  function ask(request: object): Promise<Run & { readonly answer: unknown }> {
    const turn = last.then(async () => {
      child.stdin.write(`${JSON.stringify(request)}\n`)
      const { value, done } = await lines.next()
      if (done) throw new Error('The process of the clients has ended.')
      return JSON.parse(value) as Run & { readonly answer: unknown }
    })
    last = turn.catch(() => {})
    return turn
  }

  return {
    openstack: (env, ...args) => ask({ client: 'openstack', args, env }),
    glance: (env, ...args) => ask({ client: 'glance', args, env }),
    async sdk(env, source, given) {
      const run = await ask({ client: 'sdk', source, given, env })
      assert.equal(run.code, 0, run.err)
      assert.equal(run.err, '')
      return run.answer
    },
    async close() {
      process.off('exit', kill)
      child.stdin.end()
      await ended
    },
  }
}

/** A process of its own, as people start it: `realRun(home, who, 'openstack', 'image', 'list')`. */
export function realRun(
  home: string,
  who: Environment,
  program: 'openstack' | 'glance',
  ...args: readonly string[]
): Promise<Run> {
  const env = { ...environmentIn(home), ...who }
  return new Promise((resolve) => {
    execFile(`/usr/bin/${program}`, args, { env, cwd: home }, (error, out, err) =>
      resolve({ code: error === null ? 0 : Number(error.code ?? -1), out, err }),
    ).stdin?.end()
  })
}

/** Debian's Python, whatever else is in PATH, and nothing of a cloud that the caller may use. */
function environmentIn(home: string): Environment {
  return { PATH: '/usr/bin:/bin', HOME: home, LC_ALL: 'C.UTF-8', COLUMNS: '200' }
}

/** What a run printed, when it went well and had no warnings. */
export async function said(run: Promise<Run>): Promise<string> {
  const { code, out, err } = await run
  assert.equal(code, 0, err + out)
  assert.equal(err, '')
  return out
}

/** The JSON that a run printed; to be asked for with `-f json`. */
// biome-ignore lint/suspicious/noExplicitAny: what a test expects of it, it says itself
export async function shown(run: Promise<Run>): Promise<any> {
  return JSON.parse(await said(run))
}

/** The run failed, saying something like this, and not by a fault of its own. */
export async function refused(run: Promise<Run>, words: RegExp): Promise<void> {
  const { code, out, err } = await run
  assert.notEqual(code, 0, out)
  assert.match(err + out, words)
  assert.doesNotMatch(err + out, /Traceback/)
}

/** The rows of the table that a run printed, without its head; what is too long for a line is put together again. */
export async function rows(run: Promise<Run>): Promise<string[][]> {
  const cellsOf = (line: string) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim())
  const lines = (await said(run)).split('\n').filter((line) => line.startsWith('|'))
  const found: string[][] = []
  for (const cells of lines.slice(1).map(cellsOf)) {
    const last = found.at(-1)
    if (last && cells[0] === '') last.splice(0, Infinity, ...last.map((cell, place) => cell + cells[place]))
    else found.push(cells)
  }
  return found
}
