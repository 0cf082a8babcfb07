// The install step that starting and testing share. Runs on every start, so it only reads two files when all is well.
// Everything it says goes to stderr: the output of a command line may be read by a program.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { basename, delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))

/** A path inside the checkout. */
export function fromRoot(path) {
  return join(root, path)
}

export const packagedNode = fromRoot('node_modules/node/bin/node')

/**
 * Makes sure that the packages of package-lock.json and the packaged Node are there; ends the process with a message
 * when that is impossible. `dev`: what only tests need as well. True when something was installed.
 */
export function prepare({ dev = false } = {}) {
  const complete = matchesLock(dev)
  if (!complete) installPackages(dev)
  const runnable = existsSync(packagedNode)
  if (!runnable) runInstallScripts()
  return !complete || !runnable
}

/** npm leaves a list of what it installed; without one, or with another version in it, there is work to do. */
function matchesLock(dev) {
  const wanted = packagesIn('package-lock.json')
  const found = packagesIn('node_modules/.package-lock.json')
  if (!wanted) fail('package-lock.json is missing or empty: this is not a complete checkout')
  if (!found) return false
  return Object.entries(wanted).every(
    ([path, { version, integrity, dev: devOnly, optional, devOptional }]) => {
      if (path === '') return true
      const have = found[path]
      if (!have) return optional || ((devOnly || devOptional) && !dev)
      return have.version === version && have.integrity === integrity
    },
  )
}

function packagesIn(file) {
  try {
    return JSON.parse(readFileSync(fromRoot(file), 'utf8')).packages
  } catch (error) {
    if (error.code === 'ENOENT') return undefined
    throw error
  }
}

function installPackages(dev) {
  const began = Date.now()
  const options = ['--no-audit', '--no-fund', '--loglevel=error', ...(dev ? ['--include=dev'] : [])]
  say('installing the packages of package-lock.json with npm ci; only the first start does this')
  const clean = npm(['ci', ...options], 'pipe')
  if (clean.status !== 0) {
    const complaint = String(clean.stderr)
    // npm wants every optional package of other platforms in the lock file too, and a registry need not have them all.
    if (
      !/\bEUSAGE\b/.test(complaint) ||
      !/^npm \S+ Missing: /m.test(complaint) ||
      /Invalid: /.test(complaint)
    ) {
      process.stderr.write(complaint)
      fail(`npm ci failed (${ending(clean)}); see its messages above`)
    }
    say('npm ci misses optional packages in the lock file; installing with npm install --no-save instead')
    const loose = npm(['install', '--no-save', ...options], 'inherit')
    if (loose.status !== 0) fail(`npm install failed (${ending(loose)}); see its messages above`)
  }
  say(`packages installed in ${Math.round((Date.now() - began) / 1000)} s`)
}

/** Where npm was told not to run install scripts, the packages that package.json allows them to have not unpacked yet. */
function runInstallScripts() {
  const { allowScripts } = JSON.parse(readFileSync(fromRoot('package.json'), 'utf8'))
  const names = Object.keys(allowScripts).filter((name) => existsSync(fromRoot(`node_modules/${name}`)))
  say(`npm has not run the install scripts yet; running npm rebuild ${names.join(' ')}`)
  const rebuilt = npm(['rebuild', '--ignore-scripts=false', '--loglevel=error', ...names], 'inherit')
  if (rebuilt.status === 0 && existsSync(packagedNode)) return
  fail(
    `npm rebuild (${ending(rebuilt)}) did not bring node_modules/node/bin/node, the Node that Imageport runs on; ` +
      `is there a package of it for ${process.platform} ${process.arch}?`,
  )
}

function npm(args, stderr) {
  const bin = fromRoot('node_modules/.bin')
  // npm may replace the very Node that runs this: it has to run with the system's.
  const path = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== bin)
  const env = { ...process.env, PATH: path.join(delimiter) }
  // The npm that started us, where it was npm.
  const caller = process.env.npm_execpath ?? ''
  const [command, ...first] = basename(caller) === 'npm-cli.js' ? ['node', caller] : ['npm']
  const result = spawnSync(command, [...first, ...args], {
    cwd: root,
    env,
    stdio: ['ignore', process.stderr.fd, stderr],
    maxBuffer: 64 * 1024 * 1024,
  })
  if (result.error) fail(`${command} could not be started: ${result.error.message}`)
  return result
}

function ending({ status, signal }) {
  return signal ? `ended by ${signal}` : `exit code ${status}`
}

function say(text) {
  process.stderr.write(`imageport: ${text}\n`)
}

function fail(text) {
  say(text)
  process.exit(1)
}
