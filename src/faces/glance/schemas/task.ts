import { type JsonSchema, type SchemaDocument, shown, text, textOrNull, uuidPattern } from './json-schema.ts'

const objectOrNull = (description: string): JsonSchema => ({ type: ['null', 'object'], description })

const identity = {
  id: { ...text('Identifier of the task'), pattern: uuidPattern },
  type: { ...text('What the task does'), enum: ['import', 'api_image_import', 'location_import'] },
  status: { ...text('State of the task'), enum: ['pending', 'processing', 'success', 'failure'] },
}
const details = {
  input: objectOrNull('What the task was given'),
  result: objectOrNull('What the task made'),
}
const message = { message: text('What went wrong, in words for people') }
const origin = {
  owner: text('Id of the project that the task works for'),
  image_id: text('Id of the image that the task works on'),
  request_id: text('Id of the request that began the task'),
  user_id: text('Id of the user who began the task'),
}
const times = {
  expires_at: textOrNull('When the task is forgotten'),
  created_at: text('When the task was accepted'),
  updated_at: text('When the task changed last'),
  self: shown(text('Path of the task')),
  schema: shown(text('Path of this schema')),
}

export const taskSchema: SchemaDocument = {
  name: 'task',
  properties: { ...identity, ...details, ...origin, ...message, ...times },
  additionalProperties: false,
}

/** As lists show it. */
export const listedTaskSchema: SchemaDocument = {
  name: 'task',
  properties: { ...identity, ...origin, ...times },
  additionalProperties: false,
}
