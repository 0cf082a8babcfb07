import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { createIntl, type MessageFormatElement } from 'react-intl'

const folder = new URL('../../web/src/i18n/messages/', import.meta.url)
const languages = ['en', 'fr', 'zh'] as const
type Language = (typeof languages)[number]

/** The texts of a language; each id is in one file only. */
function textsOf(language: Language): ReadonlyMap<string, string> {
  const files = readdirSync(new URL(`${language}/`, folder)).filter((name) => name.endsWith('.json'))
  const entries = files.flatMap((name) =>
    Object.entries(JSON.parse(readFileSync(new URL(`${language}/${name}`, folder), 'utf8')) as object),
  )
  assert.equal(new Set(entries.map(([id]) => id)).size, entries.length, `${language} has an id twice`)
  return new Map(entries)
}

const { getMessageFormat } = createIntl({ locale: 'en' }).formatters
const parse = (text: string): MessageFormatElement[] => getMessageFormat(text, 'en').getAst()

/** Names of what a text is filled with. */
function valuesIn(elements: readonly MessageFormatElement[]): string[] {
  return elements.flatMap((element) => {
    // Text, and the number of a plural.
    if (element.type === 0 || element.type === 7) return []
    const inner = 'options' in element ? Object.values(element.options).map(({ value }) => value) : []
    return [
      element.value,
      ...inner.flatMap(valuesIn),
      ...('children' in element ? valuesIn(element.children) : []),
    ]
  })
}

describe('texts of the console', () => {
  const texts = { en: textsOf('en'), fr: textsOf('fr'), zh: textsOf('zh') }

  for (const language of languages)
    test(`${language} has them all, filled with the same values`, () => {
      assert.deepEqual([...texts[language].keys()].sort(), [...texts.en.keys()].sort())
      for (const [id, text] of texts[language]) {
        const [own, english] = [text, texts.en.get(id)!].map((one) =>
          [...new Set(valuesIn(parse(one)))].sort(),
        )
        assert.deepEqual(own, english, `${language} ${id}`)
      }
    })

  test('French marks do not begin a line, and its apostrophes are round', () => {
    for (const [id, text] of texts.fr) assert.doesNotMatch(text, / [:;?!»]|« |'/, id)
  })
})
