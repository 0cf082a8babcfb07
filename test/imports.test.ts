import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'

/**
 * Who may import whom. An entry is a folder (with everything in it) or a file without `.ts`;
 * `type` before it allows types only. A folder may always import from itself, `main.ts` and what it puts together in `assembly` from everywhere.
 */
const table: Readonly<Record<string, readonly string[]>> = {
  database: ['catalogue/failure'],
  store: ['catalogue/failure'],
  hypervisor: ['catalogue/failure'],
  outbound: ['catalogue/failure'],
  // Asks the one server that the operator names; what it finds out is turned into people by the catalogue.
  keystone: ['catalogue/failure'],
  // The grammars of IMAGEPORT_IMPORT_ALLOW and IMAGEPORT_STORE_URL have one reader each, which also checks them at the start.
  settings: ['catalogue/failure', 'outbound/allow-list', 'store/store-url'],
  catalogue: ['database', 'store/store', 'hypervisor/hypervisor', 'type keystone/token', 'type settings'],
  work: ['catalogue', 'store/store', 'hypervisor/hypervisor', 'outbound'],
  http: ['catalogue/failure', 'catalogue/actor', 'type catalogue', 'store/store'],
  'faces/*': ['catalogue', 'http'],
  // Works on the files of an installation; from database and store it needs how they are opened and laid out.
  backup: ['database', 'store', 'catalogue/failure', 'type settings', 'assembly/data-lock'],
  cli: ['faces/console/wire', 'settings', 'backup'],
}

type Import = { readonly from: string; readonly typesOnly: boolean }

/** Static, re-exporting, dynamic and side-effect imports, and files named for workers with `new URL`. */
function importsOf(source: string): Import[] {
  const code = source.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '')
  const found = [
    ...code.matchAll(/^\s*(?:import|export)\s+(type\s)?[\w$\s{},*]*?\bfrom\s*['"]([^'"]+)['"]/gm),
    ...code.matchAll(/^\s*import()\s*['"]([^'"]+)['"]/gm),
    ...code.matchAll(/\bimport()\s*\(\s*['"`]([^'"`]+)['"`]/g),
    ...code.matchAll(/\bnew URL()\(\s*['"`]([^'"`]+)['"`],\s*import\.meta\.url/g),
  ]
  return found.map(([, types, from = '']) => ({ from, typesOnly: Boolean(types) }))
}

/** `faces/glance/wire.ts` → `faces/glance`; `settings.ts` and `settings/schema.ts` → `settings`. */
function unitOf(file: string): string {
  const [first = '', second = ''] = file.replace(/\.ts$/, '').split('/')
  return first === 'faces' ? `faces/${second}` : first
}

/** Sentences about the imports in `files` (path below src → source) that the table does not allow. */
function violations(files: ReadonlyMap<string, string>): string[] {
  return [...files].flatMap(([file, source]) => {
    const unit = unitOf(file)
    if (unit === 'main' || unit === 'assembly') return []
    const allowed = table[unit] ?? (unit.startsWith('faces/') ? table['faces/*'] : undefined)
    if (!allowed)
      return [`src/${file}: "${unit}" is not in the table of test/imports.test.ts; decide what it may import`]
    return importsOf(source)
      .filter(({ from }) => from.startsWith('.'))
      .flatMap(({ from, typesOnly }) => {
        const target = posix.join(posix.dirname(file), from)
        if (unitOf(target) === unit || allowed.some((entry) => covers(entry, target, typesOnly))) return []
        return [`src/${file} imports ${from}; ${unit} may import only itself and ${allowed.join(', ')}`]
      })
  })
}

function covers(entry: string, target: string, typesOnly: boolean): boolean {
  const place = entry.replace(/^type /, '')
  if (place !== entry && !typesOnly) return false
  return target === `${place}.ts` || target.startsWith(`${place}/`)
}

test('every folder of src imports only what it may', () => {
  const src = fileURLToPath(new URL('../src', import.meta.url))
  const names = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'))
  const files = new Map(names.sort().map((name) => [name, readFileSync(join(src, name), 'utf8')]))
  assert.ok(files.size > 0)
  const found = violations(files)
  assert.ok(found.length === 0, `\n${found.join('\n')}`)
})

describe('the check itself', () => {
  const allowed: [file: string, source: string][] = [
    ['main.ts', "import { x } from './store/files.ts'"],
    ['store/files.ts', "import { Failure } from '../catalogue/failure.ts'\nimport { y } from './store.ts'"],
    [
      'catalogue/images.ts',
      "import type { Settings } from '../settings.ts'\nimport { z } from '../database/schema.ts'",
    ],
    ['catalogue/images.ts', "import type { StoreUrl } from '../settings/urls.ts'"],
    ['catalogue/deep/images.ts', "import type { Store } from '../../store/store.ts'"],
    ['faces/glance/index.ts', "import { x } from '../../catalogue/images.ts'\nimport { y } from './wire.ts'"],
    ['cli/image.ts', "import { x } from '../faces/console/wire.ts'\nimport { readFileSync } from 'node:fs'"],
    ['settings.ts', "import { x } from './settings/schema.ts'"],
    ['settings/schema.ts', "import { x } from '../settings.ts'"],
    ['http/send.ts', "// import { x } from '../catalogue/images.ts'\n/* import('../work/runner.ts') */"],
  ]
  for (const [file, source] of allowed) {
    test(`allows ${file}: ${source.replaceAll('\n', ' ')}`, () => {
      assert.deepEqual(violations(new Map([[file, source]])), [])
    })
  }

  const refused: [file: string, source: string][] = [
    ['database/open.ts', "import { x } from '../catalogue/images.ts'"],
    ['store/s3.ts', "export * from '../http/send.ts'"],
    ['outbound/fetch.ts', "import '../catalogue/tasks.ts'"],
    ['catalogue/images.ts', "import { loadSettings } from '../settings.ts'"],
    ['catalogue/bytes.ts', "import { filesStore } from '../store/files.ts'"],
    ['catalogue/bytes.ts', "import type { Route } from '../http/server.ts'"],
    ['work/runner.ts', "const { x } = await import('../store/s3.ts')"],
    ['work/sweep.ts', "new Worker(new URL('../store/digest-worker.ts', import.meta.url))"],
    ['http/server.ts', "import {\n  type Image,\n  view,\n} from '../catalogue/image.ts'"],
    ['http/send.ts', "import { x } from '../catalogue/failure-texts.ts'"],
    ['faces/glance/index.ts', "import { x } from '../danube/wire.ts'"],
    ['faces/glance/index.ts', "export { x } from '../../database/open.ts'"],
    ['faces/glance/index.ts', "import { x } from '../../outbound/fetch.ts'"],
    ['faces/glance/index.ts', "import type { Store } from '../../store/files.ts'"],
    ['cli/image.ts', "import { x } from '../faces/console/index.ts'"],
    ['cli/image.ts', "import { x } from '../catalogue/image.ts'"],
    ['settings/schema.ts', "import { x } from '../store/store.ts'"],
    ['settings.ts', "import info from '../package.json' with { type: 'json' }"],
  ]
  for (const [file, source] of refused) {
    test(`refuses ${file}: ${source.replaceAll('\n', ' ')}`, () => {
      const found = violations(new Map([[file, source]]))
      assert.equal(found.length, 1)
      const named = /\.[\w./-]+\.(?:ts|json)/.exec(source)![0]
      assert.ok(found[0]!.startsWith(`src/${file} imports ${named}; `), found[0] ?? '')
    })
  }

  test('a folder that nobody decided about is reported', () => {
    assert.match(
      violations(new Map([['misc/x.ts', '']]))[0]!,
      /^src\/misc\/x\.ts: "misc" is not in the table/,
    )
  })
})
