import { Grid, GridItem, Stack, StackItem } from '@patternfly/react-core'
import { useIntl } from 'react-intl'
import { TextField } from '../../parts/form/Field.tsx'
import { SystemFields } from '../../parts/form/SystemFields.tsx'
import { TagsField } from '../../parts/form/TagsField.tsx'
import type { UrlDraft } from './url-draft.ts'

/** What can be said of an image and need not be. */
export function MoreFacts({
  draft,
  problems,
  onChange,
}: {
  readonly draft: UrlDraft
  readonly problems: Readonly<Record<string, string>>
  readonly onChange: (changed: Partial<UrlDraft>) => void
}) {
  const intl = useIntl()
  const text = (id: string) => intl.formatMessage({ id: `import.url.${id}` })
  return (
    <Stack hasGutter>
      <StackItem>
        <TextField
          label={text('description')}
          lines={2}
          value={draft.description}
          onChange={(description) => onChange({ description })}
        />
      </StackItem>
      <StackItem>
        <TagsField value={draft.tags} problem={problems.tags} onChange={(tags) => onChange({ tags })} />
      </StackItem>
      <StackItem>
        <SystemFields value={draft.system} problems={problems} onChange={(system) => onChange({ system })} />
      </StackItem>
      <StackItem>
        <Grid hasGutter md={6}>
          {(['minDisk', 'minRam'] as const).map((name) => (
            <GridItem key={name}>
              <TextField
                label={text(name)}
                type="number"
                problem={problems[name]}
                value={draft[name]}
                onChange={(value) => onChange({ [name]: value })}
              />
            </GridItem>
          ))}
        </Grid>
      </StackItem>
    </Stack>
  )
}
