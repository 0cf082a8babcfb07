import { useSearchParams } from 'react-router'
import { InstanceList } from './InstanceList.tsx'
import { InstanceView } from './InstanceView.tsx'

/** Images from virtual machines: which there are, and one of them with its disks and snapshots. */
export default function SnapshotsPage() {
  const [parameters] = useSearchParams()
  const instance = parameters.get('instance')
  return instance === null ? <InstanceList /> : <InstanceView key={instance} uuid={instance} />
}
