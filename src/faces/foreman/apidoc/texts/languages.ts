import { cs } from './cs.ts'
import { de } from './de.ts'
import { en, type Texts } from './en.ts'
import { es } from './es.ts'
import { fr } from './fr.ts'
import { ja } from './ja.ts'
import { ptBR } from './pt-br.ts'
import { ru } from './ru.ts'
import { zhCN } from './zh-cn.ts'

export type Language = {
  /** As URLs spell it: `zh_CN`. */
  readonly code: string
  /** As HTML spells it: `zh-CN`. */
  readonly tag: string
  /** What its speakers call it. */
  readonly name: string
  readonly texts: Texts
}

const language = (code: string, name: string, texts: Texts): Language => ({
  code,
  tag: code.replace('_', '-'),
  name,
  texts,
})

export const english = language('en', 'English', en)

/** In the order of the language bar. */
export const languages: readonly Language[] = [
  language('cs', 'Čeština', cs),
  language('de', 'Deutsch', de),
  english,
  language('es', 'Español', es),
  language('fr', 'Français', fr),
  language('ja', '日本語', ja),
  language('pt_BR', 'Português (Brasil)', ptBR),
  language('ru', 'Русский', ru),
  language('zh_CN', '简体中文', zhCN),
]

/** Foreman's own code for Czech, which hammer asks for and would answer in English without. */
const alias: Readonly<Record<string, string>> = { cs_CZ: 'cs' }

/** By its exact code: `zh_cn` is none (foreman.md 11.1). */
export function findLanguage(code: string): Language | undefined {
  const wanted = Object.hasOwn(alias, code) ? alias[code] : code
  return languages.find((each) => each.code === wanted)
}
