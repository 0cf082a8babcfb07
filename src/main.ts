import { enableCompileCache } from 'node:module'
import { fileURLToPath } from 'node:url'
import v8 from 'node:v8'

// Network buffers live outside the heap but make V8 collect all of it; counted globally they do not. Must come first.
v8.setFlagsFromString('--external-memory-accounted-in-global-limit')
// Megabytes. Requests leave little garbage, and transfers leave theirs outside: a larger nursery only takes memory.
v8.setFlagsFromString('--max-semi-space-size=8')

// Halves the time of every start but the first, and as an environment variable spares the digest threads the 20 MB that
// a compiler of their own would take. Where it cannot be written, nothing happens.
process.env.NODE_COMPILE_CACHE ??= fileURLToPath(new URL('../node_modules/.cache/imageport', import.meta.url))
enableCompileCache()

const { isFailure } = await import('./catalogue/failure.ts')
const { loadSettings, SettingsError } = await import('./settings.ts')

/** A mistake in settings or a bootstrap file: one message, no stack. */
const misused = 2

try {
  const [command = 'serve', ...rest] = process.argv.slice(2)
  if (command === 'serve' && !rest.includes('--help') && !rest.includes('-h')) {
    const { serveCommand } = await import('./assembly/serve.ts')
    await serveCommand(loadSettings(process.env, { cwd: process.cwd() }), serveOptions(rest))
  } else {
    const { runCommand } = await import('./cli/cli.ts')
    process.exitCode = await runCommand(process.argv.slice(2), loadSettings)
  }
} catch (error) {
  if (error instanceof SettingsError || isFailure(error)) {
    process.stderr.write(`${error.message}\n`)
    process.exit(misused)
  }
  throw error
}

function serveOptions(args: readonly string[]): { apply?: string } {
  if (args.length === 0) return {}
  const [first, ...others] = args
  const joined = /^--apply=(.+)$/s.exec(first!)
  if (joined && others.length === 0) return { apply: joined[1]! }
  if (first === '--apply' && others.length === 1) return { apply: others[0]! }
  process.stderr.write('usage: imageport serve [--apply FILE]\n')
  process.exit(misused)
}
