import { openstackClientsSuite } from '../../suites/openstack-clients.ts'
import { keystoneWorld } from '../../support/openstack-world.ts'

// Keystone takes its time for each password.
await openstackClientsSuite('a real Keystone', keystoneWorld, { needs: ['python3-keystone'], byToken: true })
