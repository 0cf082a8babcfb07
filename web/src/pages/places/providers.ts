/** What each provider of a compute resource asks for besides its name. */

export type ProviderField = {
  /** `url`, `username`, `password`, or Foreman's name of an attribute. */
  readonly name: string
  /** Id of its text behind `places.field.`, where that is not its name. */
  readonly text?: string
  readonly kind?: 'flag' | 'secret'
  /** What it can be; absent: any text. */
  readonly choices?: readonly string[]
  readonly isRequired?: boolean
  readonly placeholder?: string
  /** Its managers may change it, too: it says nothing of where the resource is and who may use it. */
  readonly isHarmless?: boolean
}

const displays = (...choices: string[]): ProviderField => ({
  name: 'display_type',
  choices: ['', ...choices],
  isHarmless: true,
})
const consolePassword: ProviderField = { name: 'set_console_password', kind: 'flag', isHarmless: true }
const address = (placeholder: string): ProviderField => ({ name: 'url', isRequired: true, placeholder })
const login: readonly ProviderField[] = [{ name: 'username' }, { name: 'password', kind: 'secret' }]

const fields = {
  Libvirt: [address('qemu+ssh://root@kvm.example.org/system'), displays('vnc', 'spice'), consolePassword],
  Openstack: [
    address('https://keystone.example.org:5000/v3'),
    ...login,
    { name: 'tenant' },
    { name: 'domain' },
    { name: 'project_domain_name' },
    { name: 'project_domain_id' },
  ],
  Ovirt: [
    address('https://ovirt.example.org/ovirt-engine/api'),
    ...login,
    { name: 'datacenter' },
    { name: 'ovirt_quota' },
    { name: 'public_key' },
    { name: 'use_v4', kind: 'flag' },
    displays('vnc', 'spice'),
    { name: 'keyboard_layout', isHarmless: true },
  ],
  Vmware: [
    { name: 'server', placeholder: 'vcenter.example.org' },
    ...login,
    { name: 'datacenter' },
    displays('vmrc', 'vnc'),
    consolePassword,
    { name: 'caching_enabled', kind: 'flag', isHarmless: true },
  ],
  EC2: [
    { name: 'username', text: 'access_key' },
    { name: 'password', text: 'secret_key', kind: 'secret' },
    { name: 'region', placeholder: 'eu-central-1' },
  ],
  GCE: login,
} as const satisfies Readonly<Record<string, readonly ProviderField[]>>

/** Those that can be made; the catalogue itself is there once. */
export const creatableProviders: readonly string[] = Object.keys(fields)
export const providers: readonly string[] = ['Catalogue', ...creatableProviders]

export function fieldsOf(provider: string): readonly ProviderField[] {
  return Object.hasOwn(fields, provider) ? fields[provider as keyof typeof fields] : []
}

/** What those that hand user data to a new host say of it; only EC2 knows roles. */
export const takesUserData = (provider: string) => ['EC2', 'Ovirt', 'Vmware', 'Openstack'].includes(provider)
export const knowsRoles = (provider: string) => provider === 'EC2'
