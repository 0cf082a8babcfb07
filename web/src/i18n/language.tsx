import { createContext, type ReactNode, useCallback, useContext, useEffect, useMemo, useState } from 'react'
import { IntlProvider } from 'react-intl'
import english from './messages/en.ts'

/** The languages of the console, each in its own name. */
export const languages = { en: 'English', fr: 'Français', zh: '中文' } as const
export type Language = keyof typeof languages

type Messages = Readonly<Record<string, string>>

/** English is always there; the others come when somebody wants them. */
const catalogues: Readonly<Record<Language, () => Promise<Messages>>> = {
  en: async () => english,
  fr: async () => (await import('./messages/fr.ts')).default,
  zh: async () => (await import('./messages/zh.ts')).default,
}

const key = 'imageport.language'

function preferred(): Language {
  const wanted = [localStorage.getItem(key) ?? '', ...navigator.languages]
  const known = wanted.map((tag) => tag.slice(0, 2).toLowerCase()).find((tag) => tag in languages)
  return (known as Language | undefined) ?? 'en'
}

type Choice = { readonly language: Language; choose(language: Language): void }
const Context = createContext<Choice | null>(null)

export function LanguageProvider({ children }: { readonly children: ReactNode }) {
  const [wanted, setWanted] = useState(preferred)
  const [shown, setShown] = useState<{ language: Language; messages: Messages }>()

  useEffect(() => {
    let stale = false
    void catalogues[wanted]().then((messages) => {
      if (stale) return
      document.documentElement.lang = wanted
      setShown({ language: wanted, messages })
    })
    return () => {
      stale = true
    }
  }, [wanted])

  const choose = useCallback((language: Language) => {
    localStorage.setItem(key, language)
    setWanted(language)
  }, [])
  const choice = useMemo(() => ({ language: wanted, choose }), [wanted, choose])
  // The old language stays until the new one is there: nothing jumps.
  if (!shown) return null
  return (
    <Context value={choice}>
      <IntlProvider locale={localeOf(shown.language)} messages={shown.messages} onError={tell}>
        {children}
      </IntlProvider>
    </Context>
  )
}

/** How dates and numbers are written: as in the reader's own country, where the browser tells it. */
function localeOf(language: Language): string {
  return navigator.languages.find((tag) => tag.slice(0, 2).toLowerCase() === language) ?? language
}

/** A text that is missing is a mistake of ours: tests look for it in the browser's console. */
function tell(error: Error): void {
  console.error(error.message)
}

export function useLanguage(): Choice {
  const choice = useContext(Context)
  if (!choice) throw new Error('There is no LanguageProvider around this.')
  return choice
}
