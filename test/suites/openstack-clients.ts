import { after, before, describe } from 'node:test'
import { type Clients, openstackClients, startClients } from '../support/openstack-clients.ts'
import type { World } from '../support/openstack-world.ts'
import { glanceclientSuite } from './glanceclient.ts'
import { openstackclientSuite } from './openstackclient.ts'
import { openstacksdkSuite } from './openstacksdk.ts'

/** All clients of OpenStack, at an Imageport whose Identity `start` chooses. */
export async function openstackClientsSuite(
  identity: string,
  start: () => Promise<World>,
  {
    needs = [],
    byToken,
  }: {
    /** Debian packages besides those of the clients. */
    readonly needs?: readonly string[]
    /** Does `glance` get tokens, or log in for each run? */
    readonly byToken: boolean
  },
): Promise<void> {
  const skip = (await openstackClients(...needs)) ? false : 'the packages cannot be installed here'
  describe(`OpenStack’s clients, with ${identity}`, { skip }, () => {
    let world: World
    let clients: Clients
    before(async () => {
      world = await start()
      clients = await startClients(world.home)
    })
    after(async () => {
      await clients?.close()
      await world?.close()
    })
    const given = () => ({ world, clients })
    openstackclientSuite(given)
    glanceclientSuite(given, { byToken })
    openstacksdkSuite(given)
  })
}
