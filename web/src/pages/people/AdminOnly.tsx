import type { ReactNode } from 'react'
import { NotFoundPage } from '../../app/NotFoundPage.tsx'
import { useMe } from '../../app/session.tsx'

/** A page that only administrators have. The server refuses the others what it would ask for. */
export function AdminOnly({ children }: { readonly children: ReactNode }) {
  return useMe().superAdmin ? children : <NotFoundPage />
}
