import { ok, type Route } from '../route.ts'
import { mapOf, pagesOf, wholeListOf } from './collection.ts'
import { imageSchema } from './image.ts'
import type { SchemaDocument } from './json-schema.ts'
import { memberSchema } from './member.ts'
import {
  associationSchema,
  namedPropertySchema,
  namespaceSchema,
  objectSchema,
  propertySchema,
  tagSchema,
} from './metadefs.ts'
import { listedTaskSchema, taskSchema } from './task.ts'

/** What stands below `/v2/schemas` (glance.md section 19). */
const documents: Readonly<Record<string, SchemaDocument>> = {
  image: imageSchema,
  images: pagesOf('images', imageSchema),
  member: memberSchema,
  members: wholeListOf('members', memberSchema),
  task: taskSchema,
  tasks: pagesOf('tasks', listedTaskSchema),
  'metadefs/namespace': namespaceSchema,
  'metadefs/namespaces': pagesOf('namespaces', namespaceSchema),
  'metadefs/resource_type': associationSchema,
  'metadefs/resource_types': pagesOf('resource_type_associations', associationSchema),
  'metadefs/property': propertySchema,
  'metadefs/properties': mapOf('properties', namedPropertySchema),
  'metadefs/object': objectSchema,
  'metadefs/objects': pagesOf('objects', objectSchema),
  'metadefs/tag': tagSchema,
  'metadefs/tags': pagesOf('tags', tagSchema),
}

export const schemaRoutes: readonly Route[] = Object.entries(documents).map(([name, document]) => ({
  method: 'GET',
  path: `/schemas/${name}`,
  summary: `JSON schema: ${document.name}`,
  policy: 'get_schema',
  anyToken: true,
  repeatable: true,
  handle: async () => ok(document),
}))
