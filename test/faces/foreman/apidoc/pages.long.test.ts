import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { after, describe, test } from 'node:test'
import { answerTo } from '../../../../src/faces/foreman/apidoc/answer.ts'
import { checksum } from '../../../../src/faces/foreman/apidoc/checksum.ts'
import { english, findLanguage, languages } from '../../../../src/faces/foreman/apidoc/texts/languages.ts'
import { documentationServer, everyPage, markupProblems, places, readable } from './pages.ts'

const app = documentationServer()
after(() => app.close())
const get = (url: string, headers: Readonly<Record<string, string>> = {}) => app.inject({ url, headers })
const json = { accept: 'application/json' }
const browser = { accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' }

describe('every page in every language', () => {
  for (const { code, tag, texts } of languages)
    test(`${code}: 200, its language, sound markup`, async () => {
      for (const { url } of everyPage.filter(({ language }) => language.code === code)) {
        const { statusCode, headers, body } = await get(url)
        assert.equal(statusCode, 200, url)
        assert.equal(headers['content-type'], 'text/html; charset=utf-8')
        assert.equal(headers['apipie-checksum'], checksum)
        assert.ok(body.startsWith(`<!doctype html>\n<html lang="${tag}">`), url)
        assert.deepEqual(markupProblems(body), [], url)
        assert.equal(body.match(/<h1>/g)?.length, 1, `${url}: one main heading`)
        assert.ok(body.includes(`<title>`) && body.includes(texts['ui.title']), url)
        assert.ok(body.includes('class="skip" href="#content"') && body.includes('id="content"'), url)
        assert.doesNotMatch(
          body,
          /translation.missing|undefined|\[object|<script|<style|style=|\bon[a-z]+="/i,
          url,
        )
        for (const [table] of body.matchAll(/<table[\s\S]*?<\/table>/g))
          assert.match(table, /<th scope="col">[\s\S]*<th scope="row">/, `${url}: headers of tables`)
      }
    })

  test('headings never leave out a level', async () => {
    for (const { url } of everyPage.filter(({ language }) => language === english)) {
      let last = 0
      for (const [, level] of (await get(url)).body.matchAll(/<h([1-6])/g)) {
        assert.ok(Number(level) <= last + 1, `${url}: h${level} after h${last}`)
        last = Number(level)
      }
    }
  })

  test('every link leads somewhere', async () => {
    const targets = new Map<string, string>()
    const ids = new Map<string, ReadonlySet<string>>()
    for (const { url } of everyPage) {
      const { body } = await get(url)
      ids.set(url, new Set([...body.matchAll(/\bid="([^"]+)"/g)].map(([, id]) => id!)))
      for (const [, href] of body.matchAll(/\bhref="([^"]+)"/g))
        targets.set(new URL(href!, `http://x${url}`).href, url)
    }
    const answered = new Map<string, number>()
    for (const [target, from] of targets) {
      const { pathname, search, hash } = new URL(target)
      const address = pathname + search
      if (!answered.has(address)) answered.set(address, (await get(address)).statusCode)
      assert.equal(answered.get(address), 200, `${from} → ${target}`)
      if (hash !== '') assert.ok(ids.get(pathname)!.has(hash.slice(1)), `${from} → ${target}`)
    }
    assert.ok(answered.size > everyPage.length)
  })
})

describe('the page of images', () => {
  const page = async (code: string) =>
    readable((await get(`/apidoc/v2/images${code === 'en' ? '' : `.${code}`}.html`)).body)

  test('shows the recorded examples, the parameters and the search fields', async () => {
    const text = await page('en')
    for (const part of [
      'API documentation Foreman v2 Images [ '.replace(' [ ', ' '),
      'GET /api/compute_resources/:compute_resource_id/images List all images for a compute resource',
      'GET /api/architectures/:architecture_id/images/:id Show an image',
      'GET /api/compute_resources/980190962/images Answer 200 { "total" : 2,',
      '"name" : "TestImage" , "username" : "ec2-user"',
      'Answer 201',
      '"updated_at" : "2024-02-22T15:52:47.631Z"',
      'Param name Description location_id optional Set the current location context for the request',
      'image[uuid] required Template ID in the compute resource Validations: Must be String',
      "image[user_data] optional , nil allowed Whether or not the image supports user data Validations: Must be 'true' or 'false'",
      "Sort and order by a searchable field, e.g. '<field> DESC'",
      'Must match regular expression /\\A([1-9]\\d*|all)\\Z$/ .',
      'Field name Type Possible values architecture integer compute_resource string id integer name string operatingsystem integer user_data true, false username string',
    ])
      assert.ok(text.replaceAll(' ,', ',').includes(part.replaceAll(' ,', ',')), part)
  })

  test('French and Chinese say what was published', async () => {
    const french = await page('fr')
    for (const part of [
      "GET /api/compute_resources/:compute_resource_id/images Afficher toutes les images d'une ressource de calcul",
      "GET /api/operatingsystems/:operatingsystem_id/images Afficher toutes les images d'un système d'exploitation",
      'POST /api/compute_resources/:compute_resource_id/images Créer une image',
      "PUT /api/compute_resources/:compute_resource_id/images/:id Mise à jour d'une image",
      'DELETE /api/compute_resources/:compute_resource_id/images/:id Supprimer une image',
      "image[architecture_id] facultatif, nil autorisé ID de l'architecture Validations : Must be String",
      'search facultatif filtrer les résultats',
    ])
      assert.ok(french.replaceAll(' ,', ',').includes(part), part)
    const chinese = await page('zh_CN')
    for (const part of [
      'GET /api/architectures/:architecture_id/images 列出架构的所有映像',
      'POST /api/compute_resources/:compute_resource_id/images 生成映像',
      '参数 参数名字 描述',
      'image[operatingsystem_id] 选填, 允许空值 操作系统 ID',
      'image[name] 必填',
      'search 选填 过滤结果',
    ])
      assert.ok(chinese.replaceAll(' ,', ',').includes(part), part)
  })

  test('the language bar leads to this page and marks the present language', async () => {
    const { body } = await get('/apidoc/v2/images/create.fr.html')
    const bar = /<nav class="languages"[\s\S]*?<\/nav>/.exec(body)![0]
    assert.equal(bar.match(/<a /g)?.length, languages.length)
    assert.match(bar, /href="\/apidoc\/v2\/images\/create\.zh_CN\.html" lang="zh-CN"/)
    assert.deepEqual(bar.match(/aria-current="true">\w+/g), ['aria-current="true">fr'])
  })
})

describe('addresses', () => {
  test('the whole documentation has four', async () => {
    const whole = (await get('/apidoc/v2.json')).body
    for (const url of ['/apidoc/v2', '/apidoc', '/apidoc.json', '/apidoc/', '/apidoc/v2.en.json']) {
      const { body, headers, statusCode } = await get(url)
      assert.equal(statusCode, 200, url)
      assert.equal(body, whole, url)
      assert.equal(headers['content-type'], 'application/json; charset=utf-8')
    }
  })

  test('without a suffix the caller’s preference counts, and nothing else chooses the language', async () => {
    const type = async (url: string, accept: string) =>
      String((await get(url, { accept, 'accept-language': 'fr' })).headers['content-type']).split(';')[0]
    for (const url of ['/apidoc', '/apidoc/v2', '/apidoc/v2/images', '/apidoc/v2/images/index']) {
      assert.equal(await type(url, browser.accept), 'text/html', url)
      assert.equal(await type(url, 'application/json;version=2'), 'application/json', url)
      assert.equal(await type(url, '*/*'), 'application/json', url)
      assert.equal(await type(url, 'text/html;q=0.5, application/json'), 'application/json', url)
      assert.equal(await type(url, 'application/xml'), 'application/json', url)
      assert.equal((await get(url, browser)).headers.vary, 'Accept')
    }
    assert.equal(await type('/apidoc/v2.html', 'application/json'), 'text/html')
    assert.ok(
      (await get('/apidoc/v2', { ...browser, 'accept-language': 'fr' })).body.includes('<html lang="en">'),
    )
    assert.ok((await get('/apidoc/v2/images.fr', browser)).body.includes('<html lang="fr">'))
  })

  test('a resource and a method are arrays with one element', async () => {
    const images = (await get('/apidoc/v2/images.fr.json')).json()
    assert.equal(images.docs.resources.length, 1)
    assert.deepEqual(
      images.docs.resources[0].methods.map(({ name }: { name: string }) => name),
      ['index', 'show', 'create', 'update', 'destroy'],
    )
    assert.equal(images.docs.resources[0].methods[2].apis[0].short_description, 'Créer une image')
    const create = (await get('/apidoc/v2/images/create.json')).json()
    assert.deepEqual(
      create.docs.resources[0].methods.map(({ name }: { name: string }) => name),
      ['create'],
    )
  })

  test('every JSON address answers in every language', async () => {
    for (const { code } of languages)
      for (const { resource, method } of places) {
        const path = ['/apidoc/v2', resource, method].filter(Boolean).join('/')
        const { statusCode, body } = await get(`${path}.${code}.json`)
        assert.equal(statusCode, 200, path)
        assert.equal(JSON.parse(body).docs.name, 'Foreman')
      }
  })

  test('what does not exist is 404: nothing for programs, a page for people', async () => {
    const missing = {
      '/apidoc/v1': 'Version v1 not found.',
      '/apidoc/v2.xx': 'Version v2.xx not found.',
      '/apidoc/v2.zh_cn': 'Version v2.zh_cn not found.',
      '/apidoc/v2/nothing': 'Resource nothing not found.',
      '/apidoc/v2/images.it': 'Resource images.it not found.',
      '/apidoc/v2/__proto__': 'Resource __proto__ not found.',
      '/apidoc/v2/images/fly': 'Method fly not found for resource images.',
      '/apidoc/v2/images/index/more': 'Page not found.',
      '/apidoc/v2/%3Cscript%3E': 'Resource <script> not found.',
    }
    for (const [path, sentence] of Object.entries(missing)) {
      for (const [url, headers] of [
        [path, json],
        [`${path}.json`, {}],
      ] as const) {
        const answer = await get(url, headers)
        assert.deepEqual([answer.statusCode, answer.body], [404, ''], url)
        assert.equal(answer.headers['apipie-checksum'], checksum)
      }
      const page = await get(`${path}.html`)
      assert.equal(page.statusCode, 404, path)
      assert.deepEqual(markupProblems(page.body), [], path)
      const text = readable(page.body)
      assert.ok(text.includes(sentence), `${path}: ${text}`)
      assert.ok(page.body.includes('<title>Oops!!') && page.body.includes('<h1>Oops!!</h1>'))
      assert.ok(page.body.includes('<a href="/apidoc/v2.html">'), 'a way home')
    }
    assert.equal(
      answerTo('/apidoc/v2/%E0%A4%A', 'html').status,
      404,
      'a broken escape, which the router keeps away',
    )
    assert.ok((await get('/apidoc/v2/nothing.fr.html')).body.includes('Ressource nothing introuvable.'))
  })
})

describe('headers', () => {
  test('pages may use nothing but the stylesheet, which is one file that browsers keep', async () => {
    const { headers, body } = await get('/apidoc/v2/images.html')
    assert.equal(
      headers['content-security-policy'],
      "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    )
    assert.equal(headers['x-content-type-options'], 'nosniff')
    const sheets = [...body.matchAll(/<link rel="stylesheet" href="([^"]+)"/g)].map(([, href]) => href!)
    assert.equal(sheets.length, 1)
    const sheet = await get(sheets[0]!)
    assert.equal(sheet.statusCode, 200)
    assert.equal(sheet.headers['content-type'], 'text/css; charset=utf-8')
    assert.match(String(sheet.headers['cache-control']), /immutable/)
    assert.doesNotMatch(sheet.body, /url\(|@import/)
    const classes = new Set([...sheet.body.matchAll(/\.([a-z]+)/g)].map(([, name]) => name))
    const unstyled = [...body.matchAll(/class="([^"]+)"/g)].flatMap(([, names]) => names!.split(' '))
    assert.deepEqual(
      unstyled.filter((name) => !classes.has(name) && !['get', 'search'].includes(name)),
      [],
    )
  })

  test('an answer that is known is not sent again', async () => {
    const { headers } = await get('/apidoc/v2.json')
    const again = await get('/apidoc/v2.json', { 'if-none-match': `"x", ${headers.etag}` })
    assert.deepEqual([again.statusCode, again.body], [304, ''])
    assert.equal((await get('/apidoc/v2.fr.json', { 'if-none-match': headers.etag! })).statusCode, 200)
  })

  test('HEAD is answered, other methods are not ours', async () => {
    const head = await app.inject({ method: 'HEAD', url: '/apidoc/v2.json' })
    assert.deepEqual([head.statusCode, head.body], [200, ''])
    assert.equal((await app.inject({ method: 'POST', url: '/apidoc/v2.json' })).statusCode, 404)
  })
})

/** Relative luminance and contrast as WCAG defines them. */
function luminance(colour: string): number {
  const parts = [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16) / 255)
  const [r, g, b] = parts.map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!
}

describe('the stylesheet', () => {
  test('keeps contrast in light and dark', async () => {
    const { body } = await get('/apidoc/style.css')
    const palettes = [...body.matchAll(/:root \{([^}]*--page[^}]*)\}/g)].map(
      ([, block]) =>
        new Map([...block!.matchAll(/--(\w+): (#\w{6});/g)].map(([, name, colour]) => [name!, colour!])),
    )
    assert.equal(palettes.length, 2)
    const pairs = [
      ...['page', 'panel', 'member'].flatMap((back) =>
        ['text', 'soft', 'link', 'accent'].map((fore) => [fore, back]),
      ),
      ...['key', 'string', 'value', 'text'].map((fore) => [fore, 'code']),
      ...['get', 'post', 'put', 'delete'].map((back) => ['badge', back]),
    ] as [string, string][]
    for (const palette of palettes)
      for (const [fore, back] of pairs) {
        const [low, high] = [luminance(palette.get(fore)!), luminance(palette.get(back)!)].sort(
          (a, b) => a - b,
        )
        const ratio = (high! + 0.05) / (low! + 0.05)
        assert.ok(
          ratio >= 4.5,
          `${fore} ${palette.get(fore)} on ${back} ${palette.get(back)}: ${ratio.toFixed(1)}`,
        )
      }
  })
})

describe('the checksum', () => {
  test('is told in both forms, whatever the language', async () => {
    assert.match(checksum, /^[0-9a-f]{40}$/)
    for (const url of [
      '/apidoc/apipie_checksum',
      '/apidoc/apipie_checksum.json',
      '/apidoc/apipie_checksum.fr.json',
    ]) {
      const { statusCode, body, headers } = await get(url, browser)
      assert.deepEqual([statusCode, body], [200, JSON.stringify({ checksum })], url)
      assert.equal(headers['apipie-checksum'], checksum)
    }
  })

  test('is the same in another process', () => {
    const module = new URL('../../../../src/faces/foreman/apidoc/checksum.ts', import.meta.url).href
    const script = `import { checksum } from '${module}'; process.stdout.write(checksum)`
    const other = execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' })
    assert.equal(other, checksum)
  })

  test('no request changes the documentation', async () => {
    const before = (await get('/apidoc/v2.json')).body
    await get('/apidoc/v2.json?type=swagger')
    await get('/apidoc/v2/images.html?type=swagger')
    assert.equal((await get('/apidoc/v2.json')).body, before)
    assert.equal(findLanguage('en'), english)
  })
})
