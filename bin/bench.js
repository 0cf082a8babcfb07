// What `npm run bench` runs: the measurements of bench/main.ts under the packaged Node.
import { delimiter } from 'node:path'
import { buildConsole } from './build-console.js'
import { fromRoot, packagedNode, prepare } from './install.js'
import { handOver, leaveLike } from './process.js'

// The browser that the console is measured in is driven by what only tests need as well.
prepare({ dev: true })
buildConsole(packagedNode)

// The caller's own settings must not change what is measured; IMAGEPORT_BENCH_… are the benchmark's.
const kept = Object.entries(process.env).filter(
  ([name]) => !name.startsWith('IMAGEPORT_') || name.startsWith('IMAGEPORT_BENCH_'),
)
const env = {
  ...Object.fromEntries(kept),
  PATH: [fromRoot('node_modules/.bin'), process.env.PATH].join(delimiter),
}
leaveLike(await handOver(packagedNode, [fromRoot('bench/main.ts'), ...process.argv.slice(2)], { env }))
