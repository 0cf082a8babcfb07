import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { z } from 'zod'
import type { ListedRoute } from '../../src/http/openapi.ts'
import { openApiDocument } from '../../src/http/openapi-document.ts'
import { pathTemplates } from '../../src/http/openapi-paths.ts'

type Route = Partial<ListedRoute> & { url: string }
// biome-ignore lint/suspicious/noExplicitAny: a document is read here as its readers do, without types.
type Document = any

function documentOf(...routes: Route[]): Document {
  const listed = routes.map((route) => ({ methods: ['GET'], config: { face: 'a' }, ...route }))
  const security = { a: { token: { type: 'http', scheme: 'bearer' } }, b: {} } as const
  return openApiDocument(listed, { title: 'Test', version: '1', security })
}

/** Every reference in it leads somewhere. */
function demandReferences(document: Document): void {
  JSON.stringify(document, (key, value) => {
    if (key === '$ref' && typeof value === 'string')
      assert.ok(document.components.schemas[value.replace('#/components/schemas/', '')], value)
    return value
  })
}

test('paths in the notation of the router', () => {
  const cases: [url: string, ...paths: string[]][] = [
    ['/', '/'],
    ['/v2/images/:id', '/v2/images/{id}'],
    ['/v2/images/:id/tags/:tag', '/v2/images/{id}/tags/{tag}'],
    ['/api/images/:id(\\d+)/x', '/api/images/{id}/x'],
    ['/api/images/:id(^(?:a|b)$)', '/api/images/{id}'],
    ['/files/:name.:type', '/files/{name}.{type}'],
    ['/ui/*', '/ui/{rest}'],
    ['/x/:id?', '/x', '/x/{id}'],
    ['/a::b', '/a:b'],
  ]
  for (const [url, ...paths] of cases)
    assert.deepEqual(
      pathTemplates(url).map(({ path }) => path),
      paths,
    )
  assert.deepEqual(pathTemplates('/i/:id(^\\d+$)')[0]!.parameters, [{ name: 'id', pattern: '^\\d+$' }])
})

describe('the document', () => {
  test('of a described route', () => {
    const document = documentOf({
      url: '/a/images/:id(^\\d+$)',
      methods: ['PUT'],
      config: {
        face: 'a',
        summary: 'Change it',
        tags: ['images'],
        query: z.object({ dry: z.coerce.boolean().describe('Only ask'), page: z.coerce.number().optional() }),
        body: z.object({ name: z.string(), size: z.number().default(1) }),
        answers: {
          200: { text: 'Changed.', body: z.object({ id: z.int(), size: z.number().default(1) }) },
          404: 'There is none.',
          406: { text: 'No.', type: 'text/plain' },
        },
      },
    })
    assert.equal(document.openapi, '3.1.0')
    assert.deepEqual(document.info, { title: 'Test', version: '1' })
    const operation = document.paths['/a/images/{id}'].put
    assert.equal(operation.operationId, 'a_put_a_images_id')
    assert.equal(operation.summary, 'Change it')
    assert.deepEqual(operation.tags, ['images'])
    assert.deepEqual(operation.security, [{ 'a.token': [] }])
    assert.deepEqual(operation.parameters[0], {
      name: 'id',
      in: 'path',
      required: true,
      schema: { type: 'string', pattern: '^\\d+$' },
    })
    const [dry, page] = operation.parameters.slice(1)
    assert.deepEqual([dry.name, dry.in, dry.description], ['dry', 'query', 'Only ask'])
    assert.deepEqual([page.name, page.required], ['page', undefined])
    const body = operation.requestBody.content['application/json'].schema
    assert.deepEqual(body.required, ['name'])
    assert.deepEqual(body.properties.name, { type: 'string' })
    const answer = operation.responses[200].content['application/json'].schema
    assert.deepEqual(answer.required, ['id', 'size'])
    assert.deepEqual(operation.responses[404], { description: 'There is none.' })
    assert.deepEqual(operation.responses[406], { description: 'No.', content: { 'text/plain': {} } })
    assert.deepEqual(document.components.securitySchemes, { 'a.token': { type: 'http', scheme: 'bearer' } })
    assert.ok(!JSON.stringify(document).includes('$schema'))
  })

  test('of a route that says nothing of itself', () => {
    const { paths } = documentOf({ url: '/x', config: {} })
    assert.deepEqual(paths['/x'].get, {
      operationId: 'root_get_x',
      tags: ['root'],
      responses: { default: { description: 'The answer.' } },
      security: [],
    })
  })

  test('raw bodies, open routes, hidden routes, HEAD and OPTIONS', () => {
    const { paths } = documentOf(
      { url: '/up', methods: ['PUT'], config: { face: 'a', body: 'application/octet-stream', open: true } },
      { url: '/hidden', config: { hidden: true } },
      { url: '/rest', methods: ['HEAD', 'OPTIONS', 'TRACE', 'GET'] },
      { url: '/head', methods: ['HEAD'] },
    )
    assert.deepEqual(Object.keys(paths), ['/rest', '/up'])
    assert.deepEqual(Object.keys(paths['/rest']), ['get'])
    assert.deepEqual(paths['/up'].put.requestBody, { content: { 'application/octet-stream': {} } })
    assert.deepEqual(paths['/up'].put.security, [])
  })

  test('paths that differ in the names of parameters are one', () => {
    const { paths } = documentOf(
      { url: '/i/:id/m/:member' },
      { url: '/i/:image/m/:who', methods: ['DELETE'] },
    )
    assert.deepEqual(Object.keys(paths), ['/i/{id}/m/{member}'])
    const names = paths['/i/{id}/m/{member}'].delete.parameters.map(({ name }: { name: string }) => name)
    assert.deepEqual(names, ['id', 'member'])
  })

  test('every operation has an id of its own', () => {
    const { paths } = documentOf({ url: '/a-b' }, { url: '/a_b' }, { url: '/a.b' }, { url: '/x/:y?' })
    const ids = Object.values(paths).map((item) => (item as Document).get.operationId)
    assert.equal(new Set(ids).size, 5)
  })

  test('types that refer to themselves or to each other', () => {
    const node = z.object({
      name: z.string(),
      get children() {
        return z.array(node)
      },
    })
    const image = z.object({ name: z.string(), size: z.number().default(0) }).meta({ id: 'Image' })
    const page = z.object({ first: image, last: image, root: node })
    const other = z.object({ image: z.object({ other: z.boolean() }).meta({ id: 'Thing' }) })
    const document = documentOf(
      {
        url: '/one',
        methods: ['POST'],
        config: { face: 'a', body: page, answers: { 200: { text: '', body: page } } },
      },
      { url: '/two', config: { face: 'a', answers: { 200: { text: '', body: node } } } },
      { url: '/three', config: { face: 'b', answers: { 200: { text: '', body: other } } } },
    )
    demandReferences(document)
    const { schemas } = document.components
    assert.deepEqual(schemas['a.Image'].required, ['name', 'size'])
    assert.deepEqual(schemas['a.Image.input'].required, ['name'])
    assert.ok(schemas['b.Thing'])
    const answer = document.paths['/two'].get.responses[200].content['application/json'].schema
    assert.deepEqual(schemas[answer.$ref.split('/').at(-1)].properties.children.items, answer)
    for (const name of Object.keys(schemas)) assert.match(name, /^[a-zA-Z0-9._-]+$/)
  })
})
