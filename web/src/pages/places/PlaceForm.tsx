import type { ComponentProps } from 'react'
import { useIntl } from 'react-intl'
import { FormModal } from '../../parts/form/FormModal.tsx'
import { useToasts } from '../../parts/toasts.tsx'
import { usePlacesChanged } from './places.ts'
import { wording } from './problems.ts'

/** A form about places in a window, which tells refusals in the language of the console and what was done. */
export function PlaceForm<T>({
  done,
  send,
  onDone,
  ...form
}: Omit<ComponentProps<typeof FormModal<T>>, 'onDone'> & {
  /** What is told when it was taken. */
  readonly done: string
  readonly onDone?: ((taken: T) => void) | undefined
}) {
  const intl = useIntl()
  const toasts = useToasts()
  const changed = usePlacesChanged()
  return (
    <FormModal
      {...form}
      send={() => wording(intl, send())}
      onDone={(taken) => {
        void changed()
        toasts.succeed(done)
        onDone?.(taken)
      }}
    />
  )
}
