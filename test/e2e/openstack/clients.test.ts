import { openstackClientsSuite } from '../../suites/openstack-clients.ts'
import { embeddedWorld } from '../../support/openstack-world.ts'

await openstackClientsSuite('the embedded Identity', embeddedWorld, { byToken: false })
