import { catalogueTables } from './0001-catalogue.ts'
import { foreman } from './0002-foreman.ts'
import { danube } from './0003-danube.ts'
import { openstack } from './0004-openstack.ts'

/** In the order in which they run. A migration that was released is never edited again. */
export const migrations = {
  '0001-catalogue': catalogueTables,
  '0002-foreman': foreman,
  '0003-danube': danube,
  '0004-openstack': openstack,
}
