import { Button } from '@patternfly/react-core'
import { type ReactNode, useState } from 'react'
import { FormattedMessage, useIntl } from 'react-intl'
import type { WireHistoryEntry } from '../../../../../src/faces/console/wire.ts'
import { None, useBytes, When } from '../../../parts/values.tsx'
import { type Difference, differencesOf, knownDeeds, type Value } from './diff.ts'

/** Who is meant by the numbers in the entries. */
export type Names = {
  readonly projects: ReadonlyMap<string, string>
  readonly users: ReadonlyMap<string, string>
}

/** Differences that are shown before somebody asks for the rest. */
const shownAtFirst = 8

export function HistoryEntry({ entry, names }: { readonly entry: WireHistoryEntry; readonly names: Names }) {
  const intl = useIntl()
  const [isWhole, setWhole] = useState(false)
  const differences = differencesOf(entry)
  const rest = differences.length - shownAtFirst
  return (
    <li className="ip-timeline-entry">
      <p className="ip-timeline-deed">
        {knownDeeds.includes(entry.action) ? (
          <FormattedMessage id={`image.history.${entry.action}`} />
        ) : (
          entry.action
        )}
      </p>
      <p className="ip-timeline-who">
        <FormattedMessage
          id="image.deed"
          values={{
            who: entry.username || intl.formatMessage({ id: 'image.nobody' }),
            face: intl.formatMessage({ id: `image.face.${entry.face}` }),
            when: <When at={entry.at} />,
          }}
        />
      </p>
      {differences.length === 0 ? null : (
        <dl className="ip-diff">
          {(isWhole ? differences : differences.slice(0, shownAtFirst)).map((difference) => (
            <Row key={`${difference.kind} ${difference.name}`} difference={difference} names={names} />
          ))}
        </dl>
      )}
      {rest > 0 ? (
        <Button variant="link" isInline aria-expanded={isWhole} onClick={() => setWhole(!isWhole)}>
          <FormattedMessage
            id={isWhole ? 'image.history.less' : 'image.history.rest'}
            values={{ count: rest }}
          />
        </Button>
      ) : null}
    </li>
  )
}

function Row({ difference, names }: { readonly difference: Difference; readonly names: Names }) {
  const { kind, name, before, after } = difference
  return (
    <div className="ip-diff-row">
      <dt className={kind === 'fact' ? undefined : 'ip-mono'}>
        {kind === 'fact' ? <FormattedMessage id={`image.history.fact.${name}`} /> : name}
      </dt>
      <dd>
        {before === null ? null : (
          <del className="ip-break">
            <span className="pf-v6-screen-reader">
              <FormattedMessage id="image.history.before" />{' '}
            </span>
            <Shown name={name} value={before} names={names} />
          </del>
        )}
        {before === null || after === null ? null : <span aria-hidden="true"> → </span>}
        {after === null ? null : (
          <ins className="ip-break">
            <span className="pf-v6-screen-reader">
              <FormattedMessage id="image.history.after" />{' '}
            </span>
            <Shown name={name} value={after} names={names} />
          </ins>
        )}
        {before === null && after === null ? <None /> : null}
      </dd>
    </div>
  )
}

function Shown({
  name,
  value,
  names,
}: {
  readonly name: string
  readonly value: NonNullable<Value>
  readonly names: Names
}): ReactNode {
  const intl = useIntl()
  const bytes = useBytes()
  switch (value.kind) {
    case 'yes':
    case 'no':
      return <FormattedMessage id={`parts.${value.kind}`} />
    case 'list':
      return value.values
        .map((one) => (name === 'projects' ? (names.projects.get(one) ?? one) : one))
        .join(', ')
    case 'status':
    case 'visibility':
      return <FormattedMessage id={`image.${value.kind}.${value.value}`} />
    case 'answer':
      return <FormattedMessage id={`image.member.status.${value.value}`} />
    case 'project':
      return names.projects.get(value.value) ?? value.value
    case 'user':
      return names.users.get(value.value) ?? value.value
    case 'bytes':
      return bytes(Number(value.value))
    case 'instant':
      // The audit log has microseconds.
      return intl.formatDate(Number(value.value) / 1000, { dateStyle: 'medium', timeStyle: 'short' })
    case 'text':
      return value.value
  }
}
