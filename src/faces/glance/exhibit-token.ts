import { domain } from '../../catalogue/people/openstack/lookups.ts'
import type { Project } from '../../catalogue/people/projects.ts'
import type { Account } from '../../catalogue/people/users.ts'
import { askFor, jsonWithSecret, type Shown, secretPlace, shellWord } from '../../http/exhibit.ts'

/** The environment of OpenStack's clients, and a token in `TOKEN` for those who send requests themselves. */
export function prepared(
  identityUrl: string | null,
  origin: string,
  { username }: Account,
  { name }: Project,
): Pick<Shown, 'secret' | 'prepare'> {
  // Who somebody is at another Keystone is not known here.
  if (identityUrl !== null)
    return { secret: 'openrc', prepare: '. ./openrc.sh && TOKEN=$(openstack token issue -f value -c id)' }
  const environment = [
    `export OS_AUTH_TYPE=password OS_AUTH_URL=${shellWord(`${origin}/identity/v3`)} OS_IDENTITY_API_VERSION=3`,
    `export OS_USERNAME=${shellWord(username)} OS_USER_DOMAIN_ID=${domain.id}`,
    `export OS_PROJECT_NAME=${shellWord(name)} OS_PROJECT_DOMAIN_ID=${domain.id}`,
    askFor('OS_PASSWORD', 'Password'),
  ]
  return { secret: 'password', prepare: [...environment, tokenFor(username, name)].join(' &&\n') }
}

/** glance.md 25.2. */
function tokenFor(user: string, project: string): string {
  const request = {
    auth: {
      identity: {
        methods: ['password'],
        password: { user: { name: user, domain: { id: domain.id }, password: secretPlace } },
      },
      scope: { project: { name: project, domain: { id: domain.id } } },
    },
  }
  return String.raw`TOKEN=$(${jsonWithSecret(request, 'OS_PASSWORD')} |
  curl -fsS -o /dev/null -D - -H 'Content-Type: application/json' --data-binary @- "$OS_AUTH_URL/auth/tokens" |
  tr -d '\r' | awk 'tolower($1) == "x-subject-token:" { print $2 }')`
}
