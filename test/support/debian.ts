/**
 * Debian packages that tests need. Where the tests run as root they install what is missing; elsewhere the
 * caller skips, and stderr says why.
 */
import { spawn } from 'node:child_process'

/** apt's own folder serves as lock: nothing is left behind, and the kernel frees it when a holder dies. */
const lockFolder = '/var/lib/apt'

/** The package lists of a fresh machine are empty or old: only when the first attempt fails they are fetched. */
const install = `
set -- apt-get install --yes --no-install-recommends -o DPkg::Lock::Timeout=300 -o Acquire::http::Timeout=30 "$@"
"$@" || { apt-get update -o Acquire::http::Timeout=30 && "$@"; }`

/**
 * True when all named packages are installed, be it that this call installed them. False where that cannot be
 * done: not Debian, not root, or apt-get failed. Test processes that run side by side wait for each other.
 */
export async function debianPackage(...names: string[]): Promise<boolean> {
  for (const name of names) {
    if (!/^[a-z0-9][a-z0-9+.-]+$/.test(name)) throw new Error(`${name} is not the name of a Debian package`)
  }
  if (await installed(names)) return true
  const list = names.join(' ')
  if (process.getuid?.() !== 0) {
    say(`missing: ${list}; not root, so they cannot be installed and tests that need them are SKIPPED`)
    return false
  }
  say(`installing ${list}`)
  const status = await run('flock', [lockFolder, 'sh', '-c', install, 'sh', ...names], { show: true })
  if (status.code === 0 && (await installed(names))) return true
  say(`could not install ${list}; tests that need them are SKIPPED`)
  return false
}

async function installed(names: readonly string[]): Promise<boolean> {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the placeholder is dpkg-query's own
  const { code, output } = await run('dpkg-query', ['-W', '-f', '${db:Status-Status}\n', ...names])
  const states = output.trim().split('\n')
  return code === 0 && states.every((state) => state === 'installed')
}

function say(text: string): void {
  process.stderr.write(`debian packages: ${text}\n`)
}

/** Exit code null means that the program could not be started, or was killed. */
function run(
  program: string,
  args: readonly string[],
  { show = false } = {},
): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve) => {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C.UTF-8' }
    const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', show ? 'inherit' : 'ignore'] })
    let output = ''
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      if (show) process.stderr.write(text)
      else output += text
    })
    child.on('error', () => resolve({ code: null, output }))
    child.on('close', (code) => resolve({ code, output }))
  })
}
