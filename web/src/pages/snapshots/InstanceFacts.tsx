import {
  DescriptionList,
  DescriptionListDescription,
  DescriptionListGroup,
  DescriptionListTerm,
} from '@patternfly/react-core'
import type { ReactNode } from 'react'
import { FormattedMessage, FormattedNumber, useIntl } from 'react-intl'
import type { WireInstance } from '../../../../src/faces/console/wire-instances.ts'
import { Bytes } from '../../parts/values.tsx'
import { InstanceStatus } from './InstanceStatus.tsx'

/** What is known of an instance; what is not is left out. */
export function InstanceFacts({ instance }: { readonly instance: WireInstance }) {
  const intl = useIntl()
  const { status, node, project, owner, os, vcpus, ram, ips, live } = instance
  const facts: readonly (readonly [string, ReactNode])[] = [
    ['status', <InstanceStatus key="status" status={status} />],
    ['node', node],
    ['project', project],
    ['owner', owner],
    ['os', os],
    ['vcpus', vcpus === 0 ? null : <FormattedNumber key="vcpus" value={vcpus} />],
    ['ram', ram === 0 ? null : <Bytes key="ram" value={ram} />],
    ['ips', ips.join(', ')],
    [
      'uuid',
      <span key="uuid" className="ip-mono">
        {instance.uuid}
      </span>,
    ],
    ['source', <FormattedMessage key="source" id={`snapshots.source.${live ? 'live' : 'record'}`} />],
  ]
  return (
    <DescriptionList
      isCompact
      columnModifier={{ default: '1Col', md: '2Col', xl: '3Col' }}
      aria-label={intl.formatMessage({ id: 'snapshots.facts' }, { name: instance.hostname })}
    >
      {facts
        .filter(([, value]) => value)
        .map(([fact, value]) => (
          <DescriptionListGroup key={fact}>
            <DescriptionListTerm>
              <FormattedMessage id={`snapshots.${fact}`} />
            </DescriptionListTerm>
            <DescriptionListDescription>{value}</DescriptionListDescription>
          </DescriptionListGroup>
        ))}
    </DescriptionList>
  )
}
