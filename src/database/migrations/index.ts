import { catalogueTables } from './0001-catalogue.ts'
import { foreman } from './0002-foreman.ts'
import { danube } from './0003-danube.ts'
import { openstack } from './0004-openstack.ts'
import { metadefs } from './0005-metadefs.ts'
import { imports } from './0006-imports.ts'
import { locations } from './0007-locations.ts'
import { uploads } from './0008-uploads.ts'
import { offers } from './0009-offers.ts'
import { taskLists } from './0010-task-lists.ts'
import { imageOrders } from './0011-image-orders.ts'

/** In the order in which they run. A migration that was released is never edited again. */
export const migrations = {
  '0001-catalogue': catalogueTables,
  '0002-foreman': foreman,
  '0003-danube': danube,
  '0004-openstack': openstack,
  '0005-metadefs': metadefs,
  '0006-imports': imports,
  '0007-locations': locations,
  '0008-uploads': uploads,
  '0009-offers': offers,
  '0010-task-lists': taskLists,
  '0011-image-orders': imageOrders,
}
