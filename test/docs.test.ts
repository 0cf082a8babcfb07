import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { settingVariables } from '../src/settings.ts'

const read = (name: string) => readFileSync(new URL(`../${name}`, import.meta.url), 'utf8')

test('docs/settings.md tells every setting, and no other', () => {
  const told = new Set(read('docs/settings.md').match(/IMAGEPORT_[A-Z_]+[A-Z]/g))
  told.delete('IMAGEPORT_SETTINGS') // names the file itself
  assert.deepEqual([...told].sort(), [...settingVariables()].sort())
})

test('every document that the README points to is there', () => {
  const links = [...read('README.md').matchAll(/\]\((docs\/[^)]+)\)/g)].map(([, path]) => path!)
  assert.ok(links.length > 0)
  for (const link of links) assert.ok(read(link).length > 0, link)
})
