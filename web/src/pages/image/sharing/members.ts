import { useQuery } from '@tanstack/react-query'
import { useCallback } from 'react'
import type { WireImage } from '../../../../../src/faces/console/wire.ts'
import type { WireMember, WireMemberList } from '../../../../../src/faces/console/wire-image.ts'
import { get, patch, post, remove } from '../../../api/client.ts'
import { useImageChanged } from '../image.ts'

const pathOf = (uuid: string, member?: WireMember) =>
  `/images/${uuid}/members${member ? `/${encodeURIComponent(member.id)}` : ''}`

/** With whom a shared image is shared, as far as one may know. */
export function useMembers({ uuid, visibility }: Pick<WireImage, 'uuid' | 'visibility'>) {
  return useQuery({
    queryKey: ['image', uuid, 'members'],
    queryFn: async ({ signal }) => (await get<WireMemberList>(pathOf(uuid), {}, signal)).members,
    enabled: visibility === 'shared',
  })
}

type Decide = (member: WireMember, status: 'accepted' | 'rejected') => Promise<void>

/** @throws ApiError */
export function useDecide(uuid: string): Decide {
  const changed = useImageChanged(uuid)
  return useCallback(
    async (member, status) => {
      await patch(pathOf(uuid, member), { status })
      changed()
    },
    [uuid, changed],
  )
}

/** Adding and removing members. @throws ApiError */
export function useShare(uuid: string) {
  const changed = useImageChanged(uuid)
  return {
    async add(project: string): Promise<void> {
      await post<WireMember>(pathOf(uuid), { project })
      changed()
    },
    async remove(member: WireMember): Promise<void> {
      await remove(pathOf(uuid, member))
      changed()
    },
  }
}
