import type { Image } from '../../../src/catalogue/images/image.ts'
import { parseInstant } from '../../../src/catalogue/time.ts'

export const sha1 = 'da39a3ee5e6b4b0d3255bfef95601890afd80709'
export const uuid = 'f7c19252-c3b6-11e4-8651-fb16a8fc5ba1'

/** An active image as Danube makes one, with what a test changes. */
export function image(change: Partial<Image> = {}): Image {
  return {
    seq: 1,
    uuid,
    handle: 'centos-7',
    name: 'centos-7',
    status: 'active',
    external: false,
    visibility: 'public',
    ownerId: 2,
    creatorId: 1,
    locationId: null,
    diskFormat: 'raw',
    containerFormat: 'bare',
    size: 734003200,
    virtualSize: 10 * 1024 ** 3 - 1,
    digests: { md5: 'd41d8cd98f00b204e9800998ecf8427e', sha1, sha256: null, sha512: null },
    blobId: 'blob',
    minDisk: 0,
    minRam: 0,
    protected: false,
    hidden: false,
    tags: [],
    properties: {},
    version: '1.2',
    resize: null,
    deploy: null,
    bound: true,
    attached: true,
    withdrawn: false,
    manifest: null,
    unregistered: false,
    failure: null,
    import: null,
    createdAt: 0,
    updatedAt: 0,
    deletedAt: null,
    publishedAt: parseInstant('2021-03-01T08:00:00.123456Z'),
    cleanupAt: null,
    owner: {
      id: 2,
      name: 'acme',
      label: 'Acme',
      uuid: '11111111-2222-4333-8444-555555555555',
      openstackId: '11111111222243338444555555555555',
    },
    region: 'RegionOne',
    type: 'template',
    instanceUuid: null,
    volumeSnapshotUuid: null,
    guestAgent: false,
    instance: null,
    ...change,
  }
}
