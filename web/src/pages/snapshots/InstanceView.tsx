import { Breadcrumb, BreadcrumbItem, Stack, StackItem } from '@patternfly/react-core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { FormattedMessage, useIntl } from 'react-intl'
import { Link } from 'react-router'
import type { WireImportStarted } from '../../../../src/faces/console/wire.ts'
import type { WireInstanceDetail, WireSnapshot } from '../../../../src/faces/console/wire-instances.ts'
import { get } from '../../api/client.ts'
import { PageFrame } from '../../parts/PageFrame.tsx'
import { QueryView } from '../../parts/QueryView.tsx'
import { Started } from '../../parts/Started.tsx'
import { StartedTask } from '../../parts/StartedTask.tsx'
import { DeleteSnapshotModal } from './DeleteSnapshotModal.tsx'
import { Disks } from './Disks.tsx'
import { InstanceFacts } from './InstanceFacts.tsx'
import { RevertModal } from './RevertModal.tsx'
import { SnapshotImageModal } from './SnapshotImageModal.tsx'
import { SnapshotModal } from './SnapshotModal.tsx'
import { Snapshots } from './Snapshots.tsx'
import type { Begun, Deed } from './snapshot.ts'
import './snapshots.css'

/** One virtual machine: its disks, their snapshots, and what is made of them. */
export function InstanceView({ uuid }: { readonly uuid: string }) {
  const intl = useIntl()
  const [begun, setBegun] = useState<readonly WireImportStarted[]>([])
  const [diskToSnap, setDiskToSnap] = useState<number>()
  const [work, setWork] = useState<readonly Begun[]>([])
  const [wanted, setWanted] = useState<{ readonly deed: Deed; readonly snapshot: WireSnapshot }>()
  const query = useQuery({
    queryKey: ['instance', uuid, 'detail'],
    queryFn: ({ signal }) => get<WireInstanceDetail>(`/instances/${encodeURIComponent(uuid)}`, {}, signal),
  })
  const addWork = (one: Begun) => setWork((all) => [one, ...all])
  const onClose = () => setWanted(undefined)
  const list = intl.formatMessage({ id: 'snapshots.title' })
  return (
    <PageFrame
      title={query.data?.hostname ?? list}
      above={
        <Breadcrumb aria-label={intl.formatMessage({ id: 'snapshots.breadcrumb' })}>
          <BreadcrumbItem
            render={({ className }) => (
              <Link to="/snapshots" className={className}>
                {list}
              </Link>
            )}
          />
          <BreadcrumbItem isActive>{query.data?.hostname ?? '…'}</BreadcrumbItem>
        </Breadcrumb>
      }
    >
      <QueryView query={query} lines={12}>
        {(instance) => (
          <Stack hasGutter>
            {begun.map((started) => (
              <StackItem key={started.task.id}>
                <Started
                  started={started}
                  onClose={() => setBegun((all) => all.filter((one) => one !== started))}
                />
              </StackItem>
            ))}
            {work.map((one) => (
              <StackItem key={one.task.id}>
                <StartedTask
                  task={one.task}
                  words={`snapshots.${one.task.kind}`}
                  values={{ name: one.name }}
                  onClose={() => setWork((all) => all.filter((other) => other !== one))}
                />
              </StackItem>
            ))}
            <StackItem>
              <InstanceFacts instance={instance} />
            </StackItem>
            <StackItem>
              <Disks disks={instance.disks} onSnapshot={setDiskToSnap} />
            </StackItem>
            <StackItem>
              <Snapshots instance={instance} onDo={(deed, snapshot) => setWanted({ deed, snapshot })} />
            </StackItem>
            {instance.mayImage ? null : (
              <StackItem>
                <FormattedMessage id="snapshots.mayNot" />
              </StackItem>
            )}
            {diskToSnap === undefined ? null : (
              <SnapshotModal
                instance={instance}
                disk={diskToSnap}
                onBegun={addWork}
                onClose={() => setDiskToSnap(undefined)}
              />
            )}
            {wanted?.deed === 'image' ? (
              <SnapshotImageModal
                {...{ instance, snapshot: wanted.snapshot, onClose }}
                onBegun={(started) => setBegun((all) => [started, ...all])}
              />
            ) : null}
            {wanted?.deed === 'revert' ? (
              <RevertModal {...{ instance, snapshot: wanted.snapshot, onClose }} onBegun={addWork} />
            ) : null}
            {wanted?.deed === 'delete' ? (
              <DeleteSnapshotModal {...{ instance, snapshot: wanted.snapshot, onClose }} onBegun={addWork} />
            ) : null}
          </Stack>
        )}
      </QueryView>
    </PageFrame>
  )
}
