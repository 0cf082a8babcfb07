import { examplesOf, exampleText } from './examples.ts'
import { type Method, type Param, type Resource, version } from './model.ts'
import { escaped } from './pages/html.ts'
import { resources } from './resources/index.ts'
import type { TextKey, Texts } from './texts/en.ts'
import { validators } from './validators.ts'

/**
 * The documentation as apypie and apipie-bindings read it (foreman.md 11.2). Keys that Foreman leaves empty stay: clients
 * fetch some of them unconditionally.
 */
export function documentOf(texts: Texts): object {
  return wrap(texts, Object.fromEntries(resources.map((each) => [each.id, resourceOf(each, texts)])))
}

/** One resource, or one method of it: here `resources` is an array (foreman.md 11.1). */
export function excerptOf(texts: Texts, resource: Resource, method?: Method): object {
  return wrap(texts, [resourceOf(method ? { ...resource, methods: [method] } : resource, texts)])
}

function wrap(texts: Texts, content: object): object {
  return {
    docs: {
      name: 'Foreman',
      info: paragraph(texts['ui.info']),
      copyright: '',
      doc_url: `/apidoc/${version}`,
      api_url: '/api',
      resources: content,
    },
  }
}

function resourceOf({ id, name, about, methods }: Resource, texts: Texts): object {
  return {
    doc_url: `/apidoc/${version}/${id}`,
    id,
    api_url: '/api',
    name,
    short_description: null,
    full_description: told(texts, about),
    version,
    formats: null,
    metadata: null,
    methods: methods.map((method) => methodOf(id, method, texts)),
    headers: null,
    deprecated: null,
  }
}

function methodOf(resource: string, { name, apis, about, params, search }: Method, texts: Texts): object {
  return {
    doc_url: `/apidoc/${version}/${resource}/${name}`,
    name,
    apis: apis.map(({ verb, path, title }) => ({
      api_url: path,
      http_method: verb,
      short_description: texts[title],
      deprecated: null,
    })),
    formats: null,
    full_description: told(texts, about),
    errors: [],
    params: params.map((param) => paramOf(param, '', texts)),
    returns: [],
    examples: examplesOf(resource, name).map(exampleText),
    metadata: search.length > 0 ? { search } : null,
    see: [],
    headers: [],
    show: true,
  }
}

function paramOf(param: Param, outer: string, texts: Texts): object {
  const { name, kind, required, nil, about, params } = param
  const { sentence, expected } = validators[kind]
  const full = fullName(outer, name)
  return {
    name,
    full_name: full,
    description: told(texts, about),
    required,
    allow_nil: nil,
    allow_blank: false,
    validator: sentence,
    expected_type: expected,
    metadata: null,
    show: true,
    validations: [],
    deprecated: false,
    ...(params.length > 0 ? { params: params.map((each) => paramOf(each, full, texts)) } : {}),
  }
}

/** `image[name]` */
export const fullName = (outer: string, name: string): string => (outer === '' ? name : `${outer}[${name}]`)

const told = (texts: Texts, key: TextKey | null): string => (key === null ? '' : paragraph(texts[key]))

/** Descriptions are HTML: what looks like a tag in them would be stripped by clients. */
const paragraph = (text: string): string => `\n<p>${escaped(text)}</p>\n`
