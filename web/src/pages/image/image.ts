import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useCallback } from 'react'
import type { WireImage, WireImagePatch } from '../../../../src/faces/console/wire.ts'
import type { WireImageDetail } from '../../../../src/faces/console/wire-image.ts'
import { ApiError, get, patch } from '../../api/client.ts'
import { messageOf } from '../../parts/QueryView.tsx'

/** Between two looks at an image that a task works on; live events tell sooner. Milliseconds. */
const pause = 2_000

const keyOf = (uuid: string) => ['image', uuid, 'detail'] as const

export function useImage(uuid: string, isWanted: boolean) {
  return useQuery({
    queryKey: keyOf(uuid),
    queryFn: ({ signal }) => get<WireImageDetail>(`/images/${uuid}/detail`, {}, signal),
    refetchInterval: ({ state }) => (state.data?.task ? pause : false),
    enabled: isWanted,
  })
}

/** Tells all that shows the image, or lists of images, that it has changed. */
export function useImageChanged(uuid: string): (image?: WireImage) => void {
  const queries = useQueryClient()
  return useCallback(
    (image) => {
      if (image)
        queries.setQueryData<WireImageDetail>(keyOf(uuid), (known) => (known ? { ...known, image } : known))
      void queries.invalidateQueries({ queryKey: ['image', uuid] })
      void queries.invalidateQueries({ queryKey: ['images'] })
    },
    [queries, uuid],
  )
}

/** After its deletion: nobody asks for it again, and lists are without it. */
export function useImageGone(uuid: string): () => void {
  const queries = useQueryClient()
  return useCallback(() => {
    queries.removeQueries({ queryKey: ['image', uuid] })
    void queries.invalidateQueries({ queryKey: ['images'] })
  }, [queries, uuid])
}

export type Change = (change: WireImagePatch) => Promise<void>

/** Changes what is given; what is shown follows at once. @throws ApiError */
export function useChange(uuid: string): Change {
  const changed = useImageChanged(uuid)
  return useCallback(
    async (change) => changed(await patch<WireImage>(`/images/${uuid}`, change)),
    [uuid, changed],
  )
}

/** What is wrong with one field: what the server says of it, and not that anything is wrong. */
export function problemOf(error: unknown): string {
  const fields = error instanceof ApiError ? error.detail.fields : undefined
  return fields ? Object.values(fields).flat().join(' ') : messageOf(error)
}
