import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'

const content = readFileSync(new URL('./style.css', import.meta.url))

/** The one stylesheet; its address changes with its content, so that browsers may keep it. */
export const stylesheet = {
  content,
  path: '/apidoc/style.css',
  url: `/apidoc/style.css?${createHash('sha1').update(content).digest('hex').slice(0, 8)}`,
}
