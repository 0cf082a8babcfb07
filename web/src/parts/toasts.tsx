import { AlertActionCloseButton, AlertGroup } from '@patternfly/react-core'
import { createContext, type ReactNode, useCallback, useContext, useMemo, useState } from 'react'
import { Notice } from './Notice.tsx'
import { messageOf } from './QueryView.tsx'

type Toast = { readonly id: number; readonly variant: 'success' | 'danger' | 'info'; readonly title: string }

export type Toasts = {
  succeed(title: string): void
  /** @param error the server's words are shown */
  fail(error: unknown): void
  inform(title: string): void
}

const Context = createContext<Toasts | null>(null)
/** Milliseconds; failures stay until they are closed. */
const shownFor = 6_000

/** Short messages about what has just happened, read out by screen readers. */
export function ToastProvider({ children }: { readonly children: ReactNode }) {
  const [shown, setShown] = useState<readonly Toast[]>([])
  const drop = useCallback((id: number) => setShown((all) => all.filter((toast) => toast.id !== id)), [])
  const add = useCallback((variant: Toast['variant'], title: string) => {
    setShown((all) => [...all.slice(-4), { id: (all.at(-1)?.id ?? 0) + 1, variant, title }])
  }, [])
  const toasts = useMemo(
    (): Toasts => ({
      succeed: (title) => add('success', title),
      inform: (title) => add('info', title),
      fail: (error) => add('danger', messageOf(error)),
    }),
    [add],
  )
  return (
    <Context value={toasts}>
      {children}
      <AlertGroup isToast isLiveRegion>
        {shown.map(({ id, variant, title }) => (
          <Notice
            key={id}
            isInline={false}
            variant={variant}
            title={title}
            {...(variant === 'danger' ? {} : { timeout: shownFor })}
            onTimeout={() => drop(id)}
            actionClose={<AlertActionCloseButton title={title} onClose={() => drop(id)} />}
          />
        ))}
      </AlertGroup>
    </Context>
  )
}

export function useToasts(): Toasts {
  const toasts = useContext(Context)
  if (!toasts) throw new Error('There is no ToastProvider around this.')
  return toasts
}
