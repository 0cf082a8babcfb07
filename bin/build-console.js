// Builds the web console into web/dist when it is missing or older than its sources. What it was built from is told by a
// digest beside it, so that a start only reads the sources.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'

const fromRoot = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url))
const built = fromRoot('web/dist')
const markName = '.built-from'
const mark = join(built, markName)

/** What a build depends on: the sources, what they show of the documentation, and the versions of the packages. */
function digest() {
  const hash = createHash('sha256')
  const sources = readdirSync(fromRoot('web'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !path.startsWith(built))
    .sort()
  const others = ['docs/bootstrap.md', 'package-lock.json'].map(fromRoot)
  for (const path of [...sources, ...others, fileURLToPath(import.meta.url)])
    hash
      .update(`${path.slice(fromRoot('').length)}\0`)
      .update(readFileSync(path))
      .update('\0')
  return hash.digest('hex')
}

/** @param node the packaged Node; ends the process with a message when the build fails */
export function buildConsole(node) {
  const wanted = digest()
  if (existsSync(mark) && readFileSync(mark, 'utf8') === wanted) return
  const began = Date.now()
  process.stderr.write(
    'imageport: building the web console; only a change of it makes this necessary again\n',
  )
  // Beside the old one, which stays until the new one is complete.
  const next = fromRoot(`web/dist.next-${process.pid}`)
  const vite = fromRoot('node_modules/vite/bin/vite.js')
  const options = ['--config', fromRoot('web/vite.config.ts'), '--logLevel', 'error']
  const args = [vite, 'build', '--outDir', next, '--emptyOutDir', ...options]
  // Output goes to stderr: that of a command line may be read by a program.
  const result = spawnSync(node, args, { stdio: ['ignore', process.stderr.fd, 'inherit'] })
  if (result.status !== 0) {
    rmSync(next, { recursive: true, force: true })
    process.stderr.write('imageport: the web console could not be built; see the messages above\n')
    process.exit(1)
  }
  compress(next)
  writeFileSync(join(next, markName), wanted)
  rmSync(built, { recursive: true, force: true })
  renameSync(next, built)
  process.stderr.write(`imageport: web console built in ${Math.round((Date.now() - began) / 1000)} s\n`)
}

/** Once and well, instead of with every answer. */
function compress(folder) {
  for (const name of readdirSync(folder, { recursive: true })) {
    if (!/\.(?:js|css|svg|html|json)$/.test(name)) continue
    const path = join(folder, name)
    const bytes = readFileSync(path)
    const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } }
    writeFileSync(`${path}.br`, brotliCompressSync(bytes, quality))
    writeFileSync(`${path}.gz`, gzipSync(bytes, { level: 9 }))
  }
}
