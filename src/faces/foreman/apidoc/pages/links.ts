import { version } from '../model.ts'
import { english, type Language } from '../texts/languages.ts'

/** A page: the index, a resource, or one method of it. */
export type Place = { readonly resource?: string; readonly method?: string }

export type Format = 'html' | 'json'

/** `/apidoc/v2/images.fr.html`; English needs no suffix of its own. */
export function linkTo({ resource, method }: Place, language: Language, format: Format = 'html'): string {
  const path = [`/apidoc/${version}`, resource, method].filter((part) => part !== undefined).join('/')
  return `${path}${language === english ? '' : `.${language.code}`}.${format}`
}
