/**
 * Blobs as objects of a bucket. Uses what every S3-speaking server has: no conditional writes, no checksums beyond
 * the required ones, no signing of the bytes (that alone costs 4 CPU s per GiB; the way is protected by TLS or not at all).
 */
import { randomUUID } from 'node:crypto'
import type { Readable } from 'node:stream'
import {
  AbortMultipartUploadCommand,
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  type MultipartUpload,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { Failure, isFailure } from '../catalogue/failure.ts'
import { blobLost, blobShort, checkBlobId, checkRange, isBlobId, readOnlyStore } from './blob-id.ts'
import { cancelled, digestStream, takeIn } from './intake.ts'
import { objectUpload, partBytes } from './s3-parts.ts'
import { slotPool } from './slots.ts'
import type { Store, StoredBlob } from './store.ts'

export type S3Options = {
  readonly name: string
  readonly bucket: string
  /** Put before every key: empty, or ending in `/`. */
  readonly prefix?: string
  /** Base URL of a server other than Amazon's. */
  readonly endpoint?: string | null
  readonly region?: string
  /** Without these the usual AWS_… environment decides. */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string } | null
  /** `http://host/bucket/key` instead of `http://bucket.host/key`. */
  readonly pathStyle?: boolean
  readonly readOnly?: boolean
}

// One part is filled while two are under way; shared by all object stores of the process. Enough for one transfer
// of the largest parts, or six of the usual ones at full speed.
const pool = slotPool({ slotBytes: partBytes(0), perLease: 3, extra: 12 })

/** A store in a bucket of an S3-speaking server. */
export function s3Store(options: S3Options): Store {
  const { name, bucket, prefix = '', readOnly = false } = options
  const client = connect(options)
  const target = (id: string) => ({ Bucket: bucket, Key: prefix + id })
  const failed = (error: unknown) => s3Failure(error, name)

  async function* unfinished(keyPrefix: string): AsyncIterable<MultipartUpload> {
    let marker: { KeyMarker?: string; UploadIdMarker?: string } = {}
    for (;;) {
      const page = await client.send(
        new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: keyPrefix, ...marker }),
      )
      yield* page.Uploads ?? []
      if (!page.IsTruncated || !page.NextKeyMarker) return
      marker = {
        KeyMarker: page.NextKeyMarker,
        ...(page.NextUploadIdMarker && { UploadIdMarker: page.NextUploadIdMarker }),
      }
    }
  }

  /** Size, and when the last bytes came: a long upload must not look abandoned. */
  async function progressOf({ Key, UploadId, Initiated }: MultipartUpload) {
    let size = 0
    let modifiedAt = Initiated?.getTime() ?? 0
    let marker: string | undefined
    do {
      const page = await client.send(
        new ListPartsCommand({ Bucket: bucket, Key, UploadId, PartNumberMarker: marker }),
      )
      for (const { Size = 0, LastModified } of page.Parts ?? []) {
        size += Size
        modifiedAt = Math.max(modifiedAt, LastModified?.getTime() ?? 0)
      }
      marker = page.IsTruncated ? page.NextPartNumberMarker : undefined
    } while (marker)
    return { size, modifiedAt }
  }

  return {
    name,
    type: 's3',

    async open() {
      try {
        try {
          await client.send(new HeadBucketCommand({ Bucket: bucket }))
        } catch (error) {
          if (readOnly || statusOf(error) !== 404) throw error
          await client.send(new CreateBucketCommand({ Bucket: bucket })).catch((refused) => {
            // 409: another process of ours was faster. If the bucket is a stranger's, the probe finds out.
            if (statusOf(refused) !== 409) throw refused
          })
        }
        if (readOnly) return
        const probe = { Bucket: bucket, Key: `${prefix}.probe-${randomUUID()}` }
        await client.send(new PutObjectCommand({ ...probe, Body: Buffer.alloc(0), ContentLength: 0 }))
        await client.send(new DeleteObjectCommand(probe))
      } catch (error) {
        // A full store can still be read, and be emptied through us.
        if (failed(error).code === 'no-space') return
        const message = `The store ${name} cannot use the bucket ${bucket}.`
        throw new Failure('unavailable', message, { subject: 'store', id: name }, { cause: error })
      }
    },

    async close() {
      client.destroy()
    },

    async receive(id, source, receiving) {
      checkBlobId(id)
      if (readOnly) throw readOnlyStore(name)
      const upload = objectUpload(client, target(id))
      const onAbort = () => upload.stop()
      try {
        const received = await takeIn(source, receiving, {
          pool,
          slotBytes: partBytes,
          stop: upload.stop,
          write: async (bytes, position, index) => {
            await upload.write(bytes, position, index).catch((error) => {
              throw failed(error)
            })
          },
        })
        receiving.signal?.addEventListener('abort', onAbort)
        await upload.finish().catch((error) => {
          throw receiving.signal?.aborted ? cancelled(receiving.signal) : failed(error)
        })
        return received
      } catch (error) {
        await upload.abandon()
        throw error
      } finally {
        receiving.signal?.removeEventListener('abort', onAbort)
      }
    },

    async *read(id, range) {
      checkBlobId(id)
      checkRange(range)
      let body: Readable | undefined
      try {
        const asked = range && { Range: `bytes=${range.start}-${range.end}` }
        const found = await client.send(new GetObjectCommand({ ...target(id), ...asked })).catch((error) => {
          if (statusOf(error) === 404) throw blobLost(id, error)
          if (statusOf(error) === 416) throw blobShort(id)
          throw error
        })
        body = found.Body as Readable
        const expected = range ? range.end - range.start + 1 : (found.ContentLength ?? 0)
        if (range && found.ContentLength !== undefined && found.ContentLength < expected) throw blobShort(id)
        let seen = 0
        for await (const chunk of body) {
          seen += chunk.length
          yield chunk
        }
        if (seen < expected) throw blobShort(id)
      } catch (error) {
        throw failed(error)
      } finally {
        body?.destroy()
      }
    },

    async digest(id, digests, signal) {
      return await digestStream(this.read(id), digests, signal)
    },

    async size(id) {
      checkBlobId(id)
      try {
        return (await client.send(new HeadObjectCommand(target(id)))).ContentLength ?? 0
      } catch (error) {
        if (statusOf(error) === 404) return null
        throw failed(error)
      }
    },

    async delete(id) {
      checkBlobId(id)
      if (readOnly) throw readOnlyStore(name)
      try {
        await client.send(new DeleteObjectCommand(target(id))).catch(unlessMissing)
        for await (const { Key, UploadId } of unfinished(target(id).Key)) {
          if (Key !== target(id).Key) continue
          await client.send(new AbortMultipartUploadCommand({ ...target(id), UploadId })).catch(unlessMissing)
        }
      } catch (error) {
        throw failed(error)
      }
    },

    /** Some servers (MinIO) list unfinished uploads by exact key only; they remove old ones themselves. */
    async *list(): AsyncIterable<StoredBlob> {
      const idOf = (key = '') => (key.startsWith(prefix) ? key.slice(prefix.length) : '')
      try {
        let token: string | undefined
        do {
          const page = await client.send(
            new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, ContinuationToken: token }),
          )
          for (const { Key, Size = 0, LastModified } of page.Contents ?? []) {
            const id = idOf(Key)
            if (isBlobId(id))
              yield { id, size: Size, modifiedAt: LastModified?.getTime() ?? 0, complete: true }
          }
          token = page.IsTruncated ? page.NextContinuationToken : undefined
        } while (token)
        for await (const upload of unfinished(prefix)) {
          const id = idOf(upload.Key)
          if (!isBlobId(id)) continue
          // 404: it ended since it was listed.
          const progress = await progressOf(upload).catch(unlessMissing)
          if (progress) yield { id, ...progress, complete: false }
        }
      } catch (error) {
        throw failed(error)
      }
    },

    async space() {
      return null
    },
  }
}

function connect({ endpoint, region, credentials, pathStyle = false }: S3Options): S3Client {
  const client = new S3Client({
    forcePathStyle: pathStyle,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    // A server that does not know `100-continue` would cost seconds for every part.
    expectContinueHeader: false,
    // No limit on the whole transfer, one on silence.
    requestHandler: {
      connectionTimeout: 5_000,
      socketTimeout: 120_000,
      httpAgent: { maxSockets: 200 },
      httpsAgent: { maxSockets: 200 },
    },
    ...(endpoint && { endpoint }),
    ...(region && { region }),
    ...(credentials && { credentials }),
  })
  client.middlewareStack.add(
    (next) => (args) => {
      const { headers } = args.request as { headers: Record<string, string> }
      headers['x-amz-content-sha256'] = 'UNSIGNED-PAYLOAD'
      return next(args)
    },
    { step: 'build', name: 'unsignedPayload' },
  )
  return client
}

function statusOf(error: unknown): number | undefined {
  return (error as { $metadata?: { httpStatusCode?: number } } | null)?.$metadata?.httpStatusCode
}

function unlessMissing(error: unknown): undefined {
  if (statusOf(error) !== 404) throw error
}

/** How servers say that a quota or the disk is full: Ceph, Swift, MinIO, and plain HTTP. */
const fullNames = new Set([
  'QuotaExceeded',
  'InsufficientCapacity',
  'XMinioStorageFull',
  'InsufficientStorage',
])

function s3Failure(error: unknown, store: string): Failure {
  if (isFailure(error)) return error
  const detail = { subject: 'store', id: store }
  if (fullNames.has((error as Error).name) || statusOf(error) === 507) {
    return new Failure('no-space', `The store ${store} is full.`, detail, { cause: error })
  }
  return new Failure('unavailable', `The store ${store} does not answer as it should.`, detail, {
    cause: error,
  })
}
