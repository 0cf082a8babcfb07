import { isFailure } from '../../catalogue/failure.ts'
import { hasBytes, type Image } from '../../catalogue/images/image.ts'
import type { Registration } from '../../catalogue/places/registrations/registration.ts'
import {
  type Absence,
  accountOf,
  askFor,
  type Command,
  type Exhibit,
  type Question,
  shellWord,
} from '../../http/exhibit.ts'
import type { Parts } from '../../http/face.ts'
import { toActor } from './auth.ts'
import { holds } from './permissions.ts'
import { imageWire } from './wire.ts'

const system = 'foreman'

/** The image as `GET /api/compute_resources/ID/images/ID` shows its registration (foreman.md 2.2), the catalogue's first. */
export async function exhibit(parts: Parts, { actor, image, origin }: Question): Promise<Exhibit> {
  const absent = (why: Absence): Exhibit => ({ system, shown: false, why })
  const account = await accountOf(parts.catalogue, actor)
  if (!account) return absent('account')
  const caller = toActor(account, actor.requestId ?? '')
  if (!holds(caller, 'view_images')) return absent('permission')
  const { registrations } = parts.catalogue
  const [first] = await registrations.ofImage(caller, image)
  if (!first) return absent(absence(image))
  const parent = { kind: 'compute-resource', id: first.computeResource.id } as const
  const registration = await registrations.view(caller, { parent }, first.id).catch((error) => {
    if (isFailure(error, 'not-found')) return null
    throw error
  })
  if (!registration) return absent('permission')
  const path = `/api/compute_resources/${parent.id}/images/${registration.id}`
  return {
    system,
    shown: true,
    request: { method: 'GET', path },
    body: imageWire(registration),
    secret: 'password',
    prepare: askFor('IMAGEPORT_PASSWORD', 'Password'),
    commands: [
      ...showing(registration, path, origin, account.username),
      ...(holds(caller, 'create_images') ? using(registration, image, origin, account.username) : []),
    ],
  }
}

function absence(image: Image): Absence {
  if (image.status === 'killed') return 'failed'
  return hasBytes(image.status) ? 'unregistered' : 'no-bytes'
}

const password = '"$IMAGEPORT_PASSWORD"'

function showing(
  { id, computeResource }: Registration,
  path: string,
  origin: string,
  username: string,
): readonly Command[] {
  const [server, user] = [shellWord(origin), shellWord(username)]
  // Ansible evaluates what it is given: nothing of it may be a text that somebody else wrote.
  const query = {
    resource: 'images',
    search: `id = ${id}`,
    params: { compute_resource_id: computeResource.id },
  }
  return [
    {
      purpose: 'show',
      tool: 'curl',
      text: `curl -fsS -u ${user}:${password} ${shellWord(`${origin}${path}`)}`,
    },
    {
      purpose: 'show',
      tool: 'hammer',
      text: `hammer -s ${server} -u ${user} -p ${password} \\
  compute-resource image info --compute-resource-id ${computeResource.id} --id ${id}`,
    },
    {
      purpose: 'show',
      tool: 'ansible',
      text: `FOREMAN_SERVER_URL=${server} FOREMAN_USER=${user} FOREMAN_PASSWORD=${password} \\
  ansible localhost -m theforeman.foreman.resource_info \\
  -a ${shellWord(JSON.stringify(query))}`,
    },
  ]
}

/** Registers it with another compute resource, under a name that is unique there. */
function using(
  { uuid, username: login, operatingSystem, architecture }: Registration,
  { handle }: Image,
  origin: string,
  username: string,
): readonly Command[] {
  const [server, user] = [shellWord(origin), shellWord(username)]
  const image = {
    name: handle,
    uuid,
    username: login,
    operatingsystem_id: operatingSystem.id,
    architecture_id: architecture.id,
  }
  return [
    {
      purpose: 'use',
      tool: 'curl',
      text: `curl -fsS -u ${user}:${password} -H 'Content-Type: application/json' \\
  -d ${shellWord(JSON.stringify({ image }))} \\
  ${server}/api/compute_resources/"$COMPUTE_RESOURCE"/images`,
    },
    {
      purpose: 'use',
      tool: 'hammer',
      text: `hammer -s ${server} -u ${user} -p ${password} \\
  compute-resource image create --compute-resource-id "$COMPUTE_RESOURCE" --name ${handle} --uuid ${uuid} \\
  --operatingsystem-id ${operatingSystem.id} --architecture-id ${architecture.id} --username ${shellWord(login)}`,
    },
  ]
}
