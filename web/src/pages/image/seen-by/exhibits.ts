import { useQuery } from '@tanstack/react-query'
import type { WireExhibitList } from '../../../../../src/faces/console/wire-image.ts'
import { get } from '../../../api/client.ts'

/** In the order in which they are shown. */
export const systems = ['foreman', 'onecloudplanet', 'openstack', 'danube', 'imgapi'] as const

/** The image in the words of each system, and the commands of its clients. */
export function useExhibits(uuid: string, isWanted = true) {
  return useQuery({
    queryKey: ['image', uuid, 'exhibits'],
    queryFn: async ({ signal }) => {
      const { exhibits } = await get<WireExhibitList>(`/images/${uuid}/exhibits`, {}, signal)
      return exhibits.toSorted((a, b) => systems.indexOf(a.system) - systems.indexOf(b.system))
    },
    enabled: isWanted,
  })
}
