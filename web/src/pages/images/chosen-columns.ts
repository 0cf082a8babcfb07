import { useState } from 'react'
import { columns, usualColumns } from './columns.tsx'

const key = 'imageport.images.columns'

function read(): readonly string[] {
  const names = (localStorage.getItem(key) ?? '').split(',')
  const known = columns.map(({ name }) => name).filter((name) => names.includes(name))
  return known.length > 0 ? known : usualColumns
}

/** Which columns this person wants to see, remembered by the browser. */
export function useChosenColumns(): readonly [readonly string[], (names: readonly string[]) => void] {
  const [names, setNames] = useState(read)
  const choose = (chosen: readonly string[]) => {
    localStorage.setItem(key, chosen.join(','))
    setNames(chosen)
  }
  return [names, choose]
}
