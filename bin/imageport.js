#!/usr/bin/env node
// What `npm start` and `npx imageport …` run, with whichever Node is there. Installs what is missing, then hands
// over to src/main.ts under the packaged Node.
import { pathToFileURL } from 'node:url'
import { buildConsole } from './build-console.js'
import { fromRoot, packagedNode, prepare } from './install.js'

const main = fromRoot('src/main.ts')
const [major, minor] = process.versions.node.split('.').map(Number)
const newEnough = major > 26 || (major === 26 && minor >= 10)

const installedNow = prepare()
// The other commands talk to a server, and show no pages.
if (process.argv[2] === 'serve') buildConsole(packagedNode)
if (newEnough && !installedNow) {
  // npm puts node_modules/.bin first in PATH, so this is the usual case from the second start on: one process, no
  // child. The arguments stay; the script's own name becomes what it is in the other case, also for forked workers.
  process.argv[1] = main
  await import(pathToFileURL(main).href)
} else {
  const { handOver, leaveLike } = await import('./process.js')
  leaveLike(await handOver(packagedNode, [...process.execArgv, main, ...process.argv.slice(2)]))
}
