import { type SchemaDocument, shown, text, uuidPattern } from './json-schema.ts'

/** A project that an image is shared with. */
export const memberSchema: SchemaDocument = {
  name: 'member',
  properties: {
    member_id: text('Id of the project'),
    image_id: { ...text('Id of the image'), pattern: uuidPattern },
    created_at: text('When the image was shared'),
    updated_at: text('When the status was changed last'),
    status: { ...text('What the project said to it'), enum: ['pending', 'accepted', 'rejected'] },
    schema: shown(text('Path of this schema')),
  },
}
