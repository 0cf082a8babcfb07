/**
 * Uploads that can be taken up again. Their bytes go over the tus protocol 1.0.0 at `uploads` (core, creation,
 * termination, expiration); what clients want to know beside it is JSON.
 *
 * `Upload-Metadata` describes the image as the body of `POST images` does, each value in base64: text as it is; numbers,
 * `protected`, `hidden`, `tags` and `properties` as JSON. Without `diskFormat` the format is what the bytes turn out to be.
 * With `image`, the uuid of an image that waits for its bytes, there is no description. `filename`, `filetype`, `type`,
 * `relativePath` and `lastModified` are kept for the client; `filename` names an image that has no other name.
 */
export type WireUpload = {
  readonly id: string
  /** `assembling`: all bytes are there, and are made into the image. */
  readonly state: 'open' | 'assembling' | 'done' | 'failed'
  /** The uuid of the image, which may not exist before all bytes are there. */
  readonly image: string
  /** Bytes: in all, so far, and of them made into the image. */
  readonly size: number
  readonly received: number
  readonly assembled: number
  /** What its beginner said of it. */
  readonly metadata: Readonly<Record<string, string>>
  readonly task: string | null
  /** Why it failed. */
  readonly failure: string | null
  /** Can `POST uploads/ID/retry` make the image without sending its bytes again? */
  readonly canRetry: boolean
  readonly createdAt: string
  /** When it ends if nobody goes on with it. */
  readonly expiresAt: string
}

/** `GET uploads`: the caller's own, the newest first. */
export type WireUploadList = { readonly uploads: readonly WireUpload[] }
