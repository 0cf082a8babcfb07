import {
  Button,
  Card,
  CardBody,
  CardHeader,
  CardTitle,
  ExpandableSection,
  Grid,
  GridItem,
  Stack,
  StackItem,
} from '@patternfly/react-core'
import { TimesIcon } from '@patternfly/react-icons/dist/esm/icons/times-icon'
import { useState } from 'react'
import { FormattedMessage, useIntl } from 'react-intl'
import { ChoiceField, TextField } from '../../parts/form/Field.tsx'
import { diskFormats } from '../../parts/form/image-facts.ts'
import { ProjectField } from '../../parts/form/ProjectField.tsx'
import { SystemFields } from '../../parts/form/SystemFields.tsx'
import { TagsField } from '../../parts/form/TagsField.tsx'
import { VisibilityField } from '../../parts/form/VisibilityField.tsx'
import { Notice } from '../../parts/Notice.tsx'
import { Bytes } from '../../parts/values.tsx'
import type { ChosenFile, UploadDraft } from './draft.ts'

/** A file that was chosen: what its image will be called, whose it will be, and what is in it. */
export function ChosenFileCard({
  chosen: { file, draft, problems },
  usualProject,
  isBusy,
  onChange,
  onRemove,
  onCopy,
}: {
  readonly chosen: ChosenFile
  readonly usualProject: string
  readonly isBusy: boolean
  readonly onChange: (changed: Partial<UploadDraft>) => void
  readonly onRemove: () => void
  /** Says the same of all other files; undefined where there are none. */
  readonly onCopy: (() => void) | undefined
}) {
  const intl = useIntl()
  const [isMore, setMore] = useState(false)
  const field = (name: Exclude<keyof UploadDraft, 'system'>) => ({
    value: draft[name],
    problem: problems.fields[name],
    onChange: (value: string) => onChange({ [name]: value }),
  })
  const remove = (
    <Button
      variant="plain"
      icon={<TimesIcon />}
      aria-label={intl.formatMessage({ id: 'upload.chosen.remove' }, { name: file.name })}
      isDisabled={isBusy}
      onClick={onRemove}
    />
  )
  return (
    <Card isCompact component="section" aria-label={file.name}>
      <CardHeader actions={{ actions: remove, hasNoOffset: true }}>
        <CardTitle component="h3" className="ip-upload-title">
          {file.name}{' '}
          <small>
            <Bytes value={file.size} />
          </small>
        </CardTitle>
      </CardHeader>
      <CardBody>
        <Stack hasGutter>
          {problems.general === null ? null : (
            <StackItem>
              <Notice variant="danger" title={problems.general} role="alert" />
            </StackItem>
          )}
          <StackItem>
            <Grid hasGutter md={6}>
              <GridItem>
                <TextField {...field('name')} label={intl.formatMessage({ id: 'upload.name' })} isRequired />
              </GridItem>
              <GridItem>
                <ChoiceField
                  {...field('diskFormat')}
                  label={intl.formatMessage({ id: 'upload.format' })}
                  choices={[
                    { value: '', text: intl.formatMessage({ id: 'upload.format.found' }) },
                    ...diskFormats.map((format) => ({ value: format, text: format })),
                  ]}
                />
              </GridItem>
              <GridItem>
                <ProjectField {...field('project')} value={draft.project || usualProject} />
              </GridItem>
              <GridItem>
                <VisibilityField {...field('visibility')} />
              </GridItem>
            </Grid>
          </StackItem>
          <StackItem>
            <ExpandableSection
              toggleText={intl.formatMessage({ id: 'upload.more' })}
              isExpanded={isMore || problems.fields.tags !== undefined}
              onToggle={(_, wanted) => setMore(wanted)}
            >
              <Stack hasGutter>
                <StackItem>
                  <SystemFields
                    value={draft.system}
                    problems={problems.fields}
                    onChange={(system) => onChange({ system })}
                  />
                </StackItem>
                <StackItem>
                  <TagsField {...field('tags')} />
                </StackItem>
              </Stack>
            </ExpandableSection>
          </StackItem>
          {onCopy === undefined ? null : (
            <StackItem>
              <Button variant="link" isInline onClick={onCopy}>
                <FormattedMessage id="upload.chosen.copy" />
              </Button>
            </StackItem>
          )}
        </Stack>
      </CardBody>
    </Card>
  )
}
