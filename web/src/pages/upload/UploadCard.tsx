import { Card, CardBody, Flex, FlexItem, Progress, ProgressMeasureLocation } from '@patternfly/react-core'
import { useIntl } from 'react-intl'
import { Link } from 'react-router'
import { Notice } from '../../parts/Notice.tsx'
import { useBytes } from '../../parts/values.tsx'
import type { UploadItem } from '../../uploads/item.ts'
import { BrokenTransfer, wordsOf } from '../../uploads/transfer.ts'
import { TimeLeft } from './TimeLeft.tsx'
import { UploadActions } from './UploadActions.tsx'

/** One upload: how far it is, how fast, how long it will take, and what can be done about it. */
export function UploadCard({ item }: { readonly item: UploadItem }) {
  const intl = useIntl()
  const words = useBytes()
  const { upload, state, name, done } = item
  const share = upload.size === 0 ? 1 : Math.min(1, Math.floor((done / upload.size) * 100) / 100)
  const percent = intl.formatNumber(share, { style: 'percent' })
  const values = { name, done: words(done), size: words(upload.size), file: upload.metadata.filename ?? '' }
  const look = state === 'done' ? 'success' : state === 'failed' || state === 'broken' ? 'danger' : undefined
  return (
    <Card isCompact component="article" aria-label={name}>
      <CardBody>
        <Flex
          direction={{ default: 'column', md: 'row' }}
          alignItems={{ default: 'alignItemsFlexStart' }}
          justifyContent={{ default: 'justifyContentSpaceBetween' }}
        >
          <FlexItem className="ip-upload-title">
            <strong>{state === 'done' ? <Link to={`/images/${upload.image}`}>{name}</Link> : name}</strong>
            <div aria-live="polite">{intl.formatMessage({ id: `upload.state.${state}` }, values)}</div>
          </FlexItem>
          <FlexItem>
            <UploadActions item={item} />
          </FlexItem>
        </Flex>
        <Progress
          aria-label={intl.formatMessage({ id: 'upload.progress' }, values)}
          value={share * 100}
          label={percent}
          valueText={percent}
          measureLocation={ProgressMeasureLocation.outside}
          size="sm"
          {...(look ? { variant: look } : {})}
        />
        <div className="ip-upload-numbers">
          {intl.formatMessage({ id: 'upload.numbers' }, values)}
          {state === 'sending' ? <TimeLeft item={item} /> : null}
        </div>
        <Problem item={item} />
      </CardBody>
    </Card>
  )
}

function Problem({ item: { state, upload, problem } }: { readonly item: UploadItem }) {
  const intl = useIntl()
  if (state === 'failed')
    return <Notice variant="danger" title={upload.failure ?? intl.formatMessage({ id: 'upload.problem' })} />
  if (state !== 'broken' || problem === null) return null
  const own = problem instanceof BrokenTransfer ? `upload.problem.${problem.cause}` : 'upload.problem'
  return <Notice variant="danger" title={wordsOf(problem) ?? intl.formatMessage({ id: own })} />
}
