import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { get } from '../../api/client.ts'
import { TextField } from '../../parts/form/Field.tsx'
import type { Noun } from './people.ts'

/** So many are offered; whoever looks for another types more of its name. */
const limit = 20
/** How long somebody may pause while typing, in milliseconds. */
const typing = 250

/** The name of a user, group or project; those that fit what was typed are offered. */
export function NameField({
  noun,
  label,
  help,
  problem,
  isRequired = false,
  value,
  onChange,
}: {
  readonly noun: Noun
  readonly label: string
  readonly help?: string
  readonly problem: string | undefined
  readonly isRequired?: boolean
  readonly value: string
  readonly onChange: (name: string) => void
}) {
  const [search, setSearch] = useState(value)
  useEffect(() => {
    const timer = setTimeout(() => setSearch(value.trim()), typing)
    return () => clearTimeout(timer)
  }, [value])
  const { data: choices = [] } = useQuery({
    queryKey: [noun, 'choices', search],
    queryFn: async ({ signal }) => {
      const list = await get<Record<string, readonly { name?: string; username?: string }[]>>(
        `/${noun}`,
        { search, limit },
        signal,
      )
      return (list[noun] ?? []).map(({ name, username }) => name ?? username ?? '')
    },
    placeholderData: keepPreviousData,
  })
  return (
    <TextField
      label={label}
      {...(help === undefined ? {} : { help })}
      problem={problem}
      isRequired={isRequired}
      value={value}
      onChange={onChange}
      choices={choices}
    />
  )
}
