import {
  FormSelect,
  FormSelectOption,
  Grid,
  GridItem,
  InputGroup,
  InputGroupItem,
  TextInput,
} from '@patternfly/react-core'
import { useId } from 'react'
import { useIntl } from 'react-intl'
import { Field, TextField } from '../../parts/form/Field.tsx'
import { type ByteAmount, type ByteUnit, byteUnits } from './byte-amount.ts'
import type { QuotaDraft } from './quotas.ts'

/** How much a project may have of each. */
export function QuotaFields({
  value,
  onChange,
  problems,
}: {
  readonly value: QuotaDraft
  readonly onChange: (draft: QuotaDraft) => void
  readonly problems: Readonly<Record<string, string>>
}) {
  const intl = useIntl()
  const texts = (name: keyof QuotaDraft) => ({
    label: intl.formatMessage({ id: `projects.${name}` }),
    help: intl.formatMessage({ id: `projects.${name}.help` }),
    problem: problems[name],
  })
  return (
    <Grid hasGutter md={6}>
      {(['quotaBytes', 'quotaImages', 'quotaStagedBytes', 'quotaUploads'] as const).map((name) => (
        <GridItem key={name}>
          {name === 'quotaBytes' || name === 'quotaStagedBytes' ? (
            <ByteField
              {...texts(name)}
              value={value[name]}
              onChange={(amount) => onChange({ ...value, [name]: amount })}
            />
          ) : (
            <TextField
              {...texts(name)}
              value={value[name]}
              onChange={(text) => onChange({ ...value, [name]: text })}
            />
          )}
        </GridItem>
      ))}
    </Grid>
  )
}

function ByteField({
  label,
  help,
  problem,
  value,
  onChange,
}: {
  readonly label: string
  readonly help: string
  readonly problem: string | undefined
  readonly value: ByteAmount
  readonly onChange: (amount: ByteAmount) => void
}) {
  const intl = useIntl()
  const id = useId()
  return (
    <Field id={id} label={label} help={help} problem={problem}>
      <InputGroup>
        <InputGroupItem isFill>
          <TextInput
            id={id}
            inputMode="decimal"
            autoComplete="off"
            value={value.amount}
            aria-describedby={`${id}-help`}
            {...(problem === undefined ? {} : { validated: 'error' as const })}
            onChange={(_, amount) => onChange({ ...value, amount })}
          />
        </InputGroupItem>
        <InputGroupItem>
          <FormSelect
            aria-label={intl.formatMessage({ id: 'projects.unit' }, { label })}
            value={value.unit}
            onChange={(_, unit) => onChange({ ...value, unit: unit as ByteUnit })}
          >
            {byteUnits.map((unit) => (
              <FormSelectOption
                key={unit}
                value={unit}
                label={intl.formatMessage({ id: `projects.unit.${unit}` })}
              />
            ))}
          </FormSelect>
        </InputGroupItem>
      </InputGroup>
    </Field>
  )
}
