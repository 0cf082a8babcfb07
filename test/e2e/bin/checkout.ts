import { type ChildProcess, spawn } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** A small checkout around the real bin/, with an npm of its own that needs no network. */
export type Checkout = {
  readonly path: string
  write(name: string, content: string): void
  /** Puts the folder into the state that a complete installation leaves. */
  install(): void
  /** Starts a script of the checkout with the packaged Node. */
  start(args: readonly string[], env?: NodeJS.ProcessEnv): Started
  remove(): void
}

export type Started = { readonly child: ChildProcess; readonly ended: Promise<Ended> }

export type Ended = {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

const root = fileURLToPath(new URL('../../../', import.meta.url))

const lock = {
  packages: {
    '': { name: 'sample' },
    'node_modules/node': { version: '26.10.0', integrity: 'sha512-node' },
    'node_modules/other': { version: '1.0.0', integrity: 'sha512-other', optional: true },
    'node_modules/typescript': { version: '7.0.2', integrity: 'sha512-ts', dev: true },
  },
}

/** What npm leaves: no optional package of another platform. */
const installed = {
  packages: {
    'node_modules/node': lock.packages['node_modules/node'],
    'node_modules/typescript': lock.packages['node_modules/typescript'],
  },
}

/** Notes its arguments in npm.log; what it does is in the files npm-<command>.cjs of the checkout. */
const npm = `
const { appendFileSync } = require('node:fs')
const { join } = require('node:path')
appendFileSync('npm.log', process.argv.slice(2).filter((arg) => !/^--(no-audit|no-fund|loglevel)/.test(arg)).join(' ') + '\\n')
console.log('npm talks')
require(join(process.cwd(), 'npm-' + process.argv[2] + '.cjs'))
`

/** A vite that builds nothing but the page. */
const vite = `
  const out = process.argv[process.argv.indexOf('--outDir') + 1]
  const { mkdirSync, writeFileSync } = await import('node:fs')
  mkdirSync(out, { recursive: true })
  writeFileSync(out + '/index.html', 'a page')
`

export function checkout(): Checkout {
  const path = mkdtempSync(join(tmpdir(), 'imageport-checkout-'))
  const write = (name: string, content: string) => {
    mkdirSync(dirname(join(path, name)), { recursive: true })
    writeFileSync(join(path, name), content)
  }
  cpSync(join(root, 'bin'), join(path, 'bin'), { recursive: true })
  cpSync(join(root, '.ci'), join(path, '.ci'), { recursive: true })
  write('package.json', JSON.stringify({ type: 'module', allowScripts: { node: true, absent: true } }))
  write('package-lock.json', JSON.stringify(lock))
  write('npm/package.json', '{ "type": "commonjs" }')
  write('npm/npm-cli.js', npm)
  write('web/index.html', 'a page')
  write('docs/bootstrap.md', 'a document')

  return {
    path,
    write,
    install() {
      write('node_modules/.package-lock.json', JSON.stringify(installed))
      write('node_modules/typescript/bin/tsc', "console.log('types checked')")
      write('node_modules/@biomejs/biome/bin/biome', "console.log('style checked')")
      write('node_modules/vite/bin/vite.js', vite)
      mkdirSync(join(path, 'node_modules/node/bin'), { recursive: true })
      symlinkSync(process.execPath, join(path, 'node_modules/node/bin/node'))
    },
    start(args, env = {}) {
      const child = spawn(process.execPath, args, {
        cwd: path,
        env: {
          // npm scripts begin with the checkout's own programs; npm itself must not be run by those.
          PATH: [join(path, 'node_modules/.bin'), dirname(process.execPath), process.env.PATH].join(
            delimiter,
          ),
          npm_execpath: join(path, 'npm/npm-cli.js'),
          ...env,
        },
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      return { child, ended: ending(child) }
    },
    remove: () => rmSync(path, { recursive: true, force: true }),
  }
}

/** An executable file in the checkout. */
export function writeProgram(place: Checkout, name: string, content: string) {
  place.write(name, content)
  chmodSync(join(place.path, name), 0o755)
}

export async function ending(child: ChildProcess): Promise<Ended> {
  const output = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (text: string) => {
      output[name] += text
    })
  }
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => resolve({ code, signal, ...output }))
  })
}

/** Content of a fake npm command that installs everything but the packaged Node. */
export function fakeInstall(packages: object = installed.packages): string {
  const hidden = JSON.stringify(JSON.stringify({ packages }))
  return `
    const { mkdirSync, rmSync, writeFileSync } = require('node:fs')
    rmSync('node_modules', { recursive: true, force: true })
    mkdirSync('node_modules/node', { recursive: true })
    mkdirSync('node_modules/vite/bin', { recursive: true })
    writeFileSync('node_modules/vite/bin/vite.js', ${JSON.stringify(vite)})
    writeFileSync('node_modules/.package-lock.json', ${hidden})
  `
}

/** Content that adds the packaged Node. */
export const fakeUnpack = `
  require('node:fs').mkdirSync('node_modules/node/bin', { recursive: true })
  require('node:fs').symlinkSync(process.execPath, 'node_modules/node/bin/node')
`
