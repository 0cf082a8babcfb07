import { s3Store } from '../../src/store/s3.ts'
import { storeSuite } from '../suites/store.ts'
import { startObjectStore } from '../support/object-store.ts'

storeSuite('object store (Swift)', async () => {
  const server = await startObjectStore()
  if (!server) return null
  const options = {
    name: 'default',
    bucket: 'images',
    prefix: 'blobs/',
    endpoint: server.endpoint,
    region: server.region,
    credentials: { accessKeyId: server.accessKey, secretAccessKey: server.secretKey },
    pathStyle: true,
  }
  return {
    store: s3Store(options),
    again: async ({ readOnly }) => s3Store({ ...options, name: 'again', readOnly }),
    dispose: () => server.stop(),
  }
})
