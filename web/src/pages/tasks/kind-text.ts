import { useIntl } from 'react-intl'
import { kinds } from './task.ts'

const known: ReadonlySet<string> = new Set(kinds)

/** What a kind of task is called; one that nobody has words for is called as the server does. */
export function useKindText(): (kind: string) => string {
  const intl = useIntl()
  return (kind) => (known.has(kind) ? intl.formatMessage({ id: `tasks.kind.${kind}` }) : kind)
}
