import { useQuery, useQueryClient } from '@tanstack/react-query'
import {
  createContext,
  type ReactNode,
  useContext,
  useEffect,
  useMemo,
  useRef,
  useState,
  useSyncExternalStore,
} from 'react'
import { useIntl } from 'react-intl'
import { useLocation } from 'react-router'
import type { WireUpload, WireUploadList } from '../../../src/faces/console/wire-uploads.ts'
import { get, post } from '../api/client.ts'
import type { ChosenFile } from '../pages/upload/draft.ts'
import { useToasts } from '../parts/toasts.tsx'
import { removeUpload } from './create.ts'
import { inOrder, isBusy, toItem, type UploadItem } from './item.ts'
import { uploadQueue } from './queue.ts'

/** More than anybody has unfinished. */
const atMost = 500
/** Between two looks at what the server is doing. Milliseconds. */
const lookEvery = 1_000

export type Uploads = {
  /** Files that were chosen and are not being sent yet; they stay when somebody looks at another page. */
  readonly chosen: readonly ChosenFile[]
  change(change: (chosen: readonly ChosenFile[]) => readonly ChosenFile[]): void
  readonly items: readonly UploadItem[]
  /** Sends a file that an upload was begun with. */
  send(upload: WireUpload, file: File): void
  pause(id: string): void
  /** Goes on with one that is paused or broken. */
  resume(id: string): void
  /** Tries again to make an image of bytes that are over there. @throws ApiError */
  retry(id: string): Promise<void>
  /** Cancels an upload, or takes one that has ended off the list. @throws ApiError */
  remove(id: string): Promise<void>
}

const Context = createContext<Uploads | null>(null)
const none: readonly WireUpload[] = []

/** The user's uploads, above all pages: they go on while somebody looks at another one. */
export function UploadProvider({ children }: { readonly children: ReactNode }) {
  const queries = useQueryClient()
  const [queue] = useState(() => uploadQueue(() => queries.invalidateQueries({ queryKey: ['uploads'] })))
  const [chosen, change] = useState<readonly ChosenFile[]>([])
  const activities = useSyncExternalStore(queue.subscribe, queue.snapshot)
  const { data: known = none } = useQuery({
    queryKey: ['uploads'],
    queryFn: async ({ signal }) => (await get<WireUploadList>('/uploads', { limit: atMost }, signal)).uploads,
    refetchInterval: ({ state }) =>
      state.data?.some((upload) => upload.state === 'assembling') ? lookEvery : false,
  })
  const items = useMemo(
    () => inOrder(known.map((upload) => toItem(upload, activities.get(upload.id)))),
    [known, activities],
  )
  useNews(known)
  useEffect(() => () => queue.end(), [queue])
  useWarning(chosen.length > 0 || items.some(isBusy))

  const uploads = useMemo((): Uploads => {
    const refresh = () => queries.invalidateQueries({ queryKey: ['uploads'] })
    return {
      chosen,
      change,
      items,
      send(upload, file) {
        queries.setQueryData<readonly WireUpload[]>(['uploads'], (others = none) =>
          others.some(({ id }) => id === upload.id) ? others : [upload, ...others],
        )
        // An image without a byte is complete when it begins.
        if (upload.state === 'open') queue.add(upload.id, file, upload.received)
      },
      pause: queue.pause,
      resume: queue.resume,
      async retry(id) {
        await post(`/uploads/${id}/retry`)
        await refresh()
      },
      async remove(id) {
        queue.drop(id)
        await removeUpload(id)
        await refresh()
      },
    }
  }, [chosen, items, queries, queue])
  return <Context value={uploads}>{children}</Context>
}

export function useUploads(): Uploads {
  const uploads = useContext(Context)
  if (!uploads) throw new Error('There is no UploadProvider around this.')
  return uploads
}

/** Tells of uploads that have ended, on all pages but the one that shows them anyway. */
function useNews(known: readonly WireUpload[]): void {
  const intl = useIntl()
  const toasts = useToasts()
  const queries = useQueryClient()
  const isShown = useLocation().pathname === '/upload'
  const before = useRef<readonly WireUpload[]>(none)
  useEffect(() => {
    for (const { id, state, failure, metadata, image } of known) {
      const previous = before.current.find((one) => one.id === id)?.state
      if (previous === undefined || previous === state || (state !== 'done' && state !== 'failed')) continue
      void queries.invalidateQueries({ queryKey: ['images'] })
      void queries.invalidateQueries({ queryKey: ['image', image] })
      if (isShown) continue
      const values = { name: metadata.name || metadata.filename || image, reason: failure ?? '' }
      const words = intl.formatMessage({ id: `upload.news.${state}` }, values)
      if (state === 'done') toasts.succeed(words)
      else toasts.fail(new Error(words))
    }
    before.current = known
  }, [known, isShown, intl, toasts, queries])
}

/** Whoever closes the page is asked, while it has something to send. */
function useWarning(isNeeded: boolean): void {
  useEffect(() => {
    if (!isNeeded) return
    const ask = (event: BeforeUnloadEvent) => event.preventDefault()
    addEventListener('beforeunload', ask)
    return () => removeEventListener('beforeunload', ask)
  }, [isNeeded])
}
