import { containerFormats, diskFormats } from '../../../catalogue/images/image.ts'
import { type JsonSchema, type SchemaDocument, shown, text, textOrNull, uuidPattern } from './json-schema.ts'

const integerOrNull = (description: string): JsonSchema => ({ type: ['null', 'integer'], description })
const integer = (description: string): JsonSchema => ({ type: 'integer', description })
const flag = (description: string): JsonSchema => ({ type: 'boolean', description })

const format = (description: string, formats: readonly string[]): JsonSchema => ({
  type: ['null', 'string'],
  description,
  enum: [null, ...formats],
})

const validationData: JsonSchema = {
  type: 'object',
  description: 'What the bytes at this location must be',
  writeOnly: true,
  additionalProperties: false,
  properties: {
    checksum: { type: 'string', description: 'MD5 in hex digits', minLength: 32, maxLength: 32 },
    os_hash_algo: text('Algorithm of os_hash_value', 64),
    os_hash_value: text('Digest in hex digits', 128),
  },
  required: ['os_hash_algo', 'os_hash_value'],
}

const locations: JsonSchema = {
  type: 'array',
  description: 'Where the bytes are kept',
  items: {
    type: 'object',
    properties: {
      url: text('Address of the bytes', 255),
      metadata: { type: 'object', description: 'What is known of this location' },
      validation_data: validationData,
    },
    required: ['url', 'metadata'],
  },
}

/** What every image has. */
const baseProperties: Readonly<Record<string, JsonSchema>> = {
  id: { ...text('Identifier of the image'), pattern: uuidPattern },
  name: textOrNull('Name of the image; several may have the same', 255),
  status: shown({
    ...text('State of the image'),
    enum: [
      'queued',
      'saving',
      'active',
      'killed',
      'deleted',
      'uploading',
      'importing',
      'pending_delete',
      'deactivated',
    ],
  }),
  visibility: { ...text('Who can see the image'), enum: ['community', 'public', 'private', 'shared'] },
  protected: flag('Whether the image is kept from being deleted'),
  os_hidden: flag('Whether lists leave the image out'),
  checksum: shown(textOrNull('MD5 of the bytes in hex digits', 32)),
  os_hash_algo: shown(textOrNull('Algorithm of os_hash_value', 64)),
  os_hash_value: shown(textOrNull('Digest of the bytes in hex digits', 128)),
  owner: textOrNull('Id of the project that owns the image', 255),
  size: shown(integerOrNull('Number of bytes')),
  virtual_size: shown(integerOrNull('Number of bytes that the disk shows to its machine')),
  container_format: format('Format of the container around the disk', containerFormats),
  disk_format: format('Format of the disk', diskFormats),
  created_at: shown(text('When the image was registered')),
  updated_at: shown(text('When the image was changed last')),
  tags: {
    type: 'array',
    description: 'Words that describe the image',
    items: { type: 'string', maxLength: 255 },
  },
  direct_url: shown(text('Address of the bytes in their store')),
  min_ram: integer('Least memory of a machine that boots it, in MB'),
  min_disk: integer('Least disk of a machine that boots it, in GB'),
  self: shown(text('Path of the image')),
  file: shown(text('Path of the bytes')),
  schema: shown(text('Path of this schema')),
  stores: shown(text('Names of the stores that hold the bytes, with commas')),
  locations,
}

const site = (schema: JsonSchema): JsonSchema => ({ ...schema, is_base: false })
const bootImage = (description: string) => site({ ...textOrNull(description), pattern: uuidPattern })

/** Free properties whose values have a form of their own. */
const siteProperties: Readonly<Record<string, JsonSchema>> = {
  kernel_id: bootImage('Id of the image with the kernel to boot it with'),
  ramdisk_id: bootImage('Id of the image with the memory disk to boot it with'),
  instance_uuid: site(text('Instance that the image was made from')),
  architecture: site(text('Architecture of the processors that it runs on')),
  os_distro: site(text('Common name of the distribution, in lower case')),
  os_version: site(text('Version of the operating system, as its makers give it')),
  description: site(text('What the image is, in words for people')),
  cinder_encryption_key_id: site(text('Id of the key that the disk is encrypted with')),
  cinder_encryption_key_deletion_policy: site({
    ...text('What becomes of that key when the image is deleted'),
    enum: ['on_image_deletion', 'do_not_delete'],
  }),
}

/** Clients make their class of images from it (glance.md section 19); free properties are strings. */
export const imageSchema: SchemaDocument = {
  name: 'image',
  properties: { ...baseProperties, ...siteProperties },
  additionalProperties: { type: 'string' },
  links: [
    { rel: 'self', href: '{self}' },
    { rel: 'enclosure', href: '{file}' },
    { rel: 'describedby', href: '{schema}' },
  ],
}
