/** Sending one blob to an object store: nothing for a small one until it is accepted, parts for a large one. */
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { Failure } from '../catalogue/failure.ts'
import { mebibyte } from './intake.ts'

/** The protocol's limit. */
const maxParts = 10_000
/** Up to this size the bytes are copied and wait for acceptance in memory; below it the service's smallest part. */
const smallBytes = mebibyte

/**
 * Bytes of the n-th part: 16 MiB, from the 250th on 32, from the 500th on 64. A fixed 16 would end at 156 GiB, and with
 * Swift, which takes 1000 parts unless told otherwise, at 15; this way it is 605 GiB, with Swift 43.
 * @throws Failure `too-large` beyond the last part.
 */
export function partBytes(index: number): number {
  if (index >= maxParts) {
    const message = 'The image has more bytes than one object of the object store can take.'
    throw new Failure('too-large', message, { reason: 'image-size' })
  }
  return mebibyte * Math.min(64, 16 * 2 ** Math.floor(index / 250))
}

export type ObjectUpload = {
  write(bytes: Buffer, position: number, index: number): Promise<void>
  stop(): void
  /** Makes the object visible. */
  finish(): Promise<void>
  /** Removes whatever is there; call it after every failure, when no write is under way. Never throws. */
  abandon(): Promise<void>
}

export function objectUpload(client: S3Client, target: { Bucket: string; Key: string }): ObjectUpload {
  const stopping = new AbortController()
  const send = { abortSignal: stopping.signal }
  const parts: { PartNumber: number; ETag: string | undefined }[] = []
  let begun: Promise<string> | undefined
  let small: Buffer | undefined = Buffer.alloc(0)
  let finishing = false

  async function begin(): Promise<string> {
    const { UploadId } = await client.send(new CreateMultipartUploadCommand(target))
    return UploadId!
  }

  return {
    async write(bytes, position, index) {
      if (position === 0 && bytes.length <= smallBytes) {
        small = Buffer.from(bytes)
        return
      }
      small = undefined
      begun ??= begin()
      const UploadId = await begun
      const PartNumber = index + 1
      const { ETag } = await client.send(
        new UploadPartCommand({ ...target, UploadId, PartNumber, Body: bytes, ContentLength: bytes.length }),
        send,
      )
      parts.push({ PartNumber, ETag })
    },
    stop() {
      stopping.abort()
    },
    async finish() {
      finishing = true
      if (small) {
        await client.send(new PutObjectCommand({ ...target, Body: small, ContentLength: small.length }), send)
        return
      }
      const Parts = parts.sort((a, b) => a.PartNumber - b.PartNumber)
      const UploadId = await begun!
      await client.send(
        new CompleteMultipartUploadCommand({ ...target, UploadId, MultipartUpload: { Parts } }),
        send,
      )
    },
    async abandon() {
      const UploadId = await begun?.catch(() => undefined)
      if (UploadId)
        await client.send(new AbortMultipartUploadCommand({ ...target, UploadId })).catch(() => {})
      // The answer may have been lost after the object had appeared.
      if (finishing) await client.send(new DeleteObjectCommand(target)).catch(() => {})
    },
  }
}
