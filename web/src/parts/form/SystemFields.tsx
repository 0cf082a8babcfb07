import { Grid, GridItem } from '@patternfly/react-core'
import { useIntl } from 'react-intl'
import { TextField } from './Field.tsx'

/** The properties by which all systems know what runs in an image. */
export const systemFacts = ['os_distro', 'os_version', 'architecture', 'os_admin_user'] as const
export type SystemFacts = Readonly<Record<(typeof systemFacts)[number], string>>

export const noSystem: SystemFacts = { os_distro: '', os_version: '', architecture: '', os_admin_user: '' }

const choices: Partial<Record<keyof SystemFacts, readonly string[]>> = {
  os_distro: [
    ...['almalinux', 'alpine', 'arch', 'centos', 'debian', 'fedora', 'freebsd', 'netbsd', 'openbsd'],
    ...['opensuse', 'rhel', 'rocky', 'sles', 'smartos', 'ubuntu', 'windows'],
  ],
  architecture: ['x86_64', 'aarch64', 'i686', 'ppc64le', 'riscv64', 's390x'],
}

/** What runs in an image. */
export function SystemFields({
  value,
  onChange,
  problems,
}: {
  readonly value: SystemFacts
  readonly onChange: (facts: SystemFacts) => void
  readonly problems: Readonly<Record<string, string>>
}) {
  const intl = useIntl()
  return (
    <Grid hasGutter md={6}>
      {systemFacts.map((name) => (
        <GridItem key={name}>
          <TextField
            label={intl.formatMessage({ id: `form.system.${name}` })}
            help={intl.formatMessage({ id: `form.system.${name}.help` })}
            problem={problems[name]}
            value={value[name]}
            onChange={(text) => onChange({ ...value, [name]: text })}
            {...(choices[name] ? { choices: choices[name] } : {})}
          />
        </GridItem>
      ))}
    </Grid>
  )
}
