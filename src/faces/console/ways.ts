import type { Account } from '../../catalogue/people/users.ts'
import { askFor, jsonWithSecret, secretPlace, shellWord } from '../../http/exhibit.ts'
import type { WireWay } from './wire-people.ts'

export type Surroundings = {
  /** Where this server is reached. */
  readonly origin: string
  /** Null: nowhere. */
  readonly identityUrl: string | null
  /** Is that an external Keystone, which knows its users by itself? */
  readonly isExternal: boolean
  /** Name of the project in which the user works. */
  readonly project: string | null
}

const asksForToken = askFor('IMAGEPORT_TOKEN', 'Token')

/** How a user's programs come in through each of the systems: what to paste into a shell. */
export function waysOf(account: Account, surroundings: Surroundings): WireWay[] {
  const { origin } = surroundings
  const user = shellWord(account.username)
  const client = account.superAdmin ? '/backend/staffapi' : '/backend/api'
  const curl = (how: string, path: string) => `curl -fsS ${how} ${shellWord(`${origin}${path}`)}`
  return [
    {
      system: 'imageport',
      secret: 'token',
      file: null,
      command: `${asksForToken} &&\nexport IMAGEPORT_URL=${shellWord(origin)} &&\nnpx imageport image list`,
    },
    {
      system: 'onecloudplanet',
      secret: 'token',
      file: null,
      command: `${asksForToken} &&\n${curl('-H "Authorization: OpenAPIToken $IMAGEPORT_TOKEN"', `${client}/openstack/images`)}`,
    },
    {
      system: 'foreman',
      secret: 'token',
      file: null,
      command: `${asksForToken} &&\n${curl(`-u ${user}:"$IMAGEPORT_TOKEN"`, '/api/compute_resources/1/images')}`,
    },
    ...openstackWay(account, surroundings),
    ...(account.apiAccess ? [danubeWay(account, origin)] : []),
  ]
}

function openstackWay({ username }: Account, { identityUrl, isExternal, project }: Surroundings): WireWay[] {
  if (identityUrl === null) return []
  if (isExternal)
    return [{ system: 'openstack', secret: 'openrc', file: null, command: 'openstack image list' }]
  if (project === null) return []
  // Strings of JSON are strings of YAML.
  const [auth_url, name, project_name] = [identityUrl, username, project].map((text) => JSON.stringify(text))
  const text = `clouds:
  imageport:
    auth:
      auth_url: ${auth_url}
      username: ${name}
      project_name: ${project_name}
      user_domain_name: Default
      project_domain_name: Default
    identity_api_version: 3
`
  const file = { name: '~/.config/openstack/clouds.yaml', text }
  const command = `${askFor('OS_PASSWORD', 'Password')} &&\nopenstack --os-cloud imageport image list`
  return [{ system: 'openstack', secret: 'password', file, command }]
}

/** The password goes through pipes alone. */
function danubeWay({ username }: Account, origin: string): WireWay {
  const login = jsonWithSecret({ username, password: secretPlace }, 'IMAGEPORT_PASSWORD')
  const command = String.raw`${askFor('IMAGEPORT_PASSWORD', 'Password')} &&
TOKEN=$(${login} |
  curl -fsS -H 'Content-Type: application/json' --data-binary @- ${shellWord(`${origin}/api/accounts/login/`)} |
  sed 's/.*"token": *"\([0-9a-f]*\)".*/\1/') &&
curl -fsS -H "Authorization: Token $TOKEN" ${shellWord(`${origin}/api/accounts/user/${encodeURIComponent(username)}/`)}`
  return { system: 'danube', secret: 'password', file: null, command }
}
