import { useCallback, useSyncExternalStore } from 'react'

export type Theme = 'light' | 'dark'

const key = 'imageport.theme'
const className = 'pf-v6-theme-dark'
const listeners = new Set<() => void>()

function current(): Theme {
  return document.documentElement.classList.contains(className) ? 'dark' : 'light'
}

/** `public/theme.js` has chosen the first one before anything was shown. */
export function useTheme(): readonly [Theme, (theme: Theme) => void] {
  const theme = useSyncExternalStore((listener) => {
    listeners.add(listener)
    return () => listeners.delete(listener)
  }, current)
  const choose = useCallback((chosen: Theme) => {
    localStorage.setItem(key, chosen)
    document.documentElement.classList.toggle(className, chosen === 'dark')
    for (const listener of listeners) listener()
  }, [])
  return [theme, choose]
}
