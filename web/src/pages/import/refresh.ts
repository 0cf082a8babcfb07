import { useMutation, useQueryClient } from '@tanstack/react-query'
import type { WireRepository } from '../../../../src/faces/console/wire-repositories.ts'
import { post } from '../../api/client.ts'
import { useToasts } from '../../parts/toasts.tsx'

/** What is known of the repositories counts no more. */
export function useRepositoriesChanged(): () => Promise<void> {
  const queries = useQueryClient()
  return async () => {
    await Promise.all(['repositories', 'offers'].map((key) => queries.invalidateQueries({ queryKey: [key] })))
  }
}

/** Reads a repository anew. That it could not be read is one of its facts, and no error. */
export function useRefresh(name: string) {
  const toasts = useToasts()
  const changed = useRepositoriesChanged()
  return useMutation({
    mutationFn: () => post<WireRepository>(`/repositories/${encodeURIComponent(name)}/refresh`),
    onSuccess: changed,
    onError: toasts.fail,
  })
}
