import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { resources } from '../../../../src/faces/foreman/apidoc/resources/index.ts'
import { en, type TextKey } from '../../../../src/faces/foreman/apidoc/texts/en.ts'
import { findLanguage, languages } from '../../../../src/faces/foreman/apidoc/texts/languages.ts'

const keys = Object.keys(en) as TextKey[]

/** Words that are the same in English and there. */
const same: Readonly<Record<string, readonly TextKey[]>> = {
  cs: ['name.ping'],
  de: ['ui.optional', 'ui.operation', 'name.ping', 'name.plugins', 'name.hosts', 'name.smartProxies'],
  es: ['name.roles', 'name.ping', 'name.hosts', 'name.smartProxies'],
  fr: [
    'ui.description',
    'ui.type',
    'name.images',
    'name.architectures',
    'name.permissions',
    'name.ping',
    'name.smartProxies',
  ],
  pt_BR: ['name.ping', 'name.plugins', 'name.hosts', 'name.smartProxies'],
}

/** Letters that the language is written with; Latin alone is not enough for these. */
const scripts: Readonly<Record<string, RegExp>> = {
  zh_CN: /\p{Script=Han}/u,
  ja: /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/u,
  ru: /\p{Script=Cyrillic}/u,
}

const placeholders = (text: string) => [...text.matchAll(/\{\w+\}|<\w+>/g)].map(([found]) => found).sort()

describe('the texts of the API documentation', () => {
  test('there are nine languages', () => {
    const codes = languages.map(({ code }) => code)
    assert.deepEqual(codes, ['cs', 'de', 'en', 'es', 'fr', 'ja', 'pt_BR', 'ru', 'zh_CN'])
  })

  for (const { code, texts } of languages) {
    test(`${code} says everything`, () => {
      assert.deepEqual(Object.keys(texts).sort(), [...keys].sort())
      for (const key of keys) {
        const text = texts[key]
        assert.equal(text, text.trim(), `${code} ${key}: white space around it`)
        assert.notEqual(text, '', `${code} ${key} is empty`)
        assert.equal(text, text.normalize('NFC'), `${code} ${key}: accents in one character each`)
        assert.deepEqual(placeholders(text), placeholders(en[key]), `${code} ${key}: placeholders`)
      }
    })

    if (code === 'en') continue
    test(`${code} has no untranslated remnants`, () => {
      const left = keys.filter((key) => texts[key].toLowerCase() === en[key].toLowerCase())
      assert.deepEqual(
        left,
        keys.filter((key) => same[code]?.includes(key)),
      )
    })

    const script = scripts[code]
    if (script)
      test(`${code} is written in its own script`, () => {
        assert.deepEqual(
          keys.filter((key) => !script.test(texts[key])),
          [],
        )
      })
  }

  test('no text is superfluous', () => {
    const used = new Set<string>()
    for (const { heading, about, methods } of resources) {
      used.add(heading).add(about ?? '')
      for (const method of methods) {
        used.add(method.about ?? '')
        for (const { title } of method.apis) used.add(title)
        const collect = (params: typeof method.params): void =>
          params.forEach((param) => {
            used.add(param.about ?? '')
            collect(param.params)
          })
        collect(method.params)
      }
    }
    const unused = keys.filter((key) => !key.startsWith('ui.') && !used.has(key))
    assert.deepEqual(unused, [])
  })

  test('French and Chinese say what their published pages say', () => {
    const published: readonly [TextKey, fr: string, zh: string][] = [
      [
        'images.index.computeResource',
        "Afficher toutes les images d'une ressource de calcul",
        '列出计算资源的所有映像',
      ],
      [
        'images.index.operatingsystem',
        "Afficher toutes les images d'un système d'exploitation",
        '列出操作系统的所有映像',
      ],
      ['images.index.architecture', "Afficher toutes les images d'une architecture", '列出架构的所有映像'],
      ['images.show', 'Afficher une image', '显示映像'],
      ['images.create', 'Créer une image', '生成映像'],
      ['images.update', "Mise à jour d'une image", '更新映像'],
      ['images.destroy', 'Supprimer une image', '删除映像'],
      ['about.computeResourceId', 'ID de la ressource de calcul', '计算资源 ID'],
      ['about.architectureId', "ID de l'architecture", '架构 ID'],
      ['about.operatingsystemId', "ID du système d'exploitation", '操作系统 ID'],
      ['about.search', 'filtrer les résultats', '过滤结果'],
      ['about.order', 'trier les résultats', '结果排序'],
      ['about.page', 'paginer les résultats', '页数'],
      ['about.perPage', 'par requête', '每个请求中的条目数'],
      ['ui.params', 'Param', '参数'],
      ['ui.paramName', 'aram', '参数名字'],
      ['ui.description', 'Description', '描述'],
      ['ui.required', 'obligatoire', '必填'],
      ['ui.optional', 'facultatif', '选填'],
      ['ui.nilAllowed', 'nil autorisé', '允许空值'],
    ]
    for (const [key, fr, zh] of published) {
      // Where English says more today than the old pages did, the old words are still in it.
      assert.ok(findLanguage('fr')!.texts[key].includes(fr), `fr ${key}`)
      assert.ok(findLanguage('zh_CN')!.texts[key].includes(zh), `zh_CN ${key}`)
    }
  })

  test('codes are exact, and hammer finds Czech by Foreman’s code', () => {
    assert.equal(findLanguage('zh_cn'), undefined)
    assert.equal(findLanguage('constructor'), undefined)
    assert.equal(findLanguage('it'), undefined)
    assert.equal(findLanguage('cs_CZ')?.code, 'cs')
  })
})
