import {
  Button,
  DescriptionList,
  DescriptionListDescription,
  DescriptionListGroup,
  DescriptionListTerm,
  Flex,
  FlexItem,
  Form,
} from '@patternfly/react-core'
import { useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { FormattedMessage, FormattedNumber, useIntl } from 'react-intl'
import type { WireRepository } from '../../../../src/faces/console/wire-repositories.ts'
import { remove } from '../../api/client.ts'
import { useMe } from '../../app/session.tsx'
import { ConfirmModal } from '../../parts/ConfirmModal.tsx'
import { ChoiceField } from '../../parts/form/Field.tsx'
import { Notice } from '../../parts/Notice.tsx'
import { When } from '../../parts/values.tsx'
import { useRefresh } from './refresh.ts'
import './import.css'

/** Which repository is looked at, when it was read, and what went wrong then. */
export function RepositoryBar({
  repositories,
  chosen,
  onChoose,
  onAdd,
}: {
  readonly repositories: readonly WireRepository[]
  readonly chosen: WireRepository
  readonly onChoose: (name: string) => void
  readonly onAdd: () => void
}) {
  const intl = useIntl()
  const { superAdmin } = useMe()
  const [isRemoving, setRemoving] = useState(false)
  const refresh = useRefresh(chosen.name)
  const queries = useQueryClient()
  const { name, url, refreshedAt, imageCount, failure } = chosen

  return (
    <>
      <Flex alignItems={{ default: 'alignItemsFlexEnd' }} rowGap={{ default: 'rowGapMd' }}>
        <FlexItem className="ip-choose-repository">
          <Form onSubmit={(event) => event.preventDefault()}>
            <ChoiceField
              label={intl.formatMessage({ id: 'import.repository' })}
              value={name}
              onChange={onChoose}
              choices={repositories.map((repository) => ({ value: repository.name, text: repository.name }))}
            />
          </Form>
        </FlexItem>
        <FlexItem>
          <Button
            variant="secondary"
            isLoading={refresh.isPending}
            isDisabled={refresh.isPending}
            onClick={() => refresh.mutate()}
          >
            <FormattedMessage id="import.repository.refresh" />
          </Button>
        </FlexItem>
        {superAdmin ? (
          <>
            <FlexItem>
              <Button variant="link" onClick={onAdd}>
                <FormattedMessage id="import.repository.add" />
              </Button>
            </FlexItem>
            <FlexItem>
              <Button variant="link" isDanger onClick={() => setRemoving(true)}>
                <FormattedMessage id="import.repository.remove" values={{ name }} />
              </Button>
            </FlexItem>
          </>
        ) : null}
      </Flex>
      <DescriptionList
        isCompact
        className="ip-repository-facts"
        columnModifier={{ default: '1Col', md: '3Col' }}
        aria-label={intl.formatMessage({ id: 'import.repository.facts' }, { name })}
      >
        <Fact name="address">
          <span className="ip-mono">{url}</span>
        </Fact>
        <Fact name="refreshedAt">
          {refreshedAt === null ? (
            <FormattedMessage id="import.repository.never" />
          ) : (
            <When at={refreshedAt} />
          )}
        </Fact>
        <Fact name="images">
          <FormattedNumber value={imageCount} />
        </Fact>
      </DescriptionList>
      {failure === null ? null : (
        <Notice
          variant={refreshedAt === null ? 'danger' : 'warning'}
          title={intl.formatMessage({ id: 'import.repository.failed' })}
        >
          {failure}
        </Notice>
      )}
      {isRemoving ? (
        <ConfirmModal
          title={intl.formatMessage({ id: 'import.repository.remove' }, { name })}
          action={intl.formatMessage({ id: 'import.repository.remove.do' })}
          onClose={() => setRemoving(false)}
          onConfirm={async () => {
            await remove(`/repositories/${encodeURIComponent(name)}`)
            // First another one is shown; nobody asks for the images of this one any more.
            await queries.invalidateQueries({ queryKey: ['repositories'] })
            queries.removeQueries({ queryKey: ['offers', name] })
          }}
        >
          <FormattedMessage id="import.repository.remove.ask" values={{ name }} />
        </ConfirmModal>
      ) : null}
    </>
  )
}

function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <DescriptionListGroup>
      <DescriptionListTerm>
        <FormattedMessage id={`import.repository.${name}`} />
      </DescriptionListTerm>
      <DescriptionListDescription>{children}</DescriptionListDescription>
    </DescriptionListGroup>
  )
}
