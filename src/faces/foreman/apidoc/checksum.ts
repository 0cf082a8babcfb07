import { createHash } from 'node:crypto'
import { documentOf } from './document.ts'
import { english, languages } from './texts/languages.ts'

/**
 * Value of the header `Apipie-Checksum` and of `/apidoc/apipie_checksum`: 40 hexadecimal digits that are the same in every
 * process and language and change with any word of the documentation (foreman.md 8.3).
 */
export const checksum: string = createHash('sha1')
  .update(JSON.stringify([documentOf(english.texts), languages]))
  .digest('hex')
