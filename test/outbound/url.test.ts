import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Failure, isFailure } from '../../src/catalogue/failure.ts'
import { parseAllowList } from '../../src/outbound/allow-list.ts'
import { checkRedirect, checkUrl } from '../../src/outbound/url.ts'

/** The reason why a URL is refused, or null. */
function reason(url: string, allow = ''): string | null | undefined {
  try {
    checkUrl(url, parseAllowList(allow))
    return null
  } catch (error) {
    assert.ok(error instanceof Failure && error.code === 'invalid', url)
    return error.detail.reason
  }
}

function refused(expected: string, urls: readonly string[], allow = '') {
  for (const url of urls) assert.equal(reason(url, allow), expected, url)
}

function accepted(urls: readonly string[], allow = '') {
  refused(null as unknown as string, urls, allow)
}

test('ordinary URLs are accepted', () => {
  accepted([
    ...[
      'http://images.example.org/a.qcow2',
      'https://images.example.org:443/a?b=c#d',
      'HTTPS://Images.Example.ORG',
    ],
    ...[
      'http://images.example.org./',
      'http://bücher.example/',
      'http://xn--bcher-kva.example/',
      'http://8.8.8.8/',
    ],
    ...['http://[2606:4700::1111]/', 'http://[::ffff:8.8.8.8]/', 'https://images.example.org:80/'],
    ...['http://images.example.org/a@b:c', 'http://images.example.org?x=http://10.0.0.1/'],
  ])
})

test('only http and https', () => {
  refused('scheme', [
    'file:///etc/passwd',
    'ftp://example.org/',
    'gopher://example.org',
    'data:,x',
    'javascript:1',
  ])
})

test('incomplete and malformed URLs', () => {
  refused('url', [
    ...[
      '',
      'images.example.org/a',
      '//images.example.org/a',
      '/a',
      'http:',
      'http:/',
      'http://',
      'http:///a',
    ],
    ...[
      'http:images.example.org',
      'http:/images.example.org/',
      'http:\\\\example.org\\a',
      'http://exa mple.org/',
    ],
    ...[
      'http://example.org\\@10.0.0.1/',
      'http://example.org/\n',
      'http://exam\tple.org/',
      ' http://example.org/',
    ],
    ...['http://[fe80::1%25eth0]/', 'http://[::1/', 'http://example.org:99999/', 'http://a<b>/'],
  ])
})

test('user names and passwords are refused, empty ones too', () => {
  refused('userinfo', [
    'http://u:p@example.org/',
    'http://u@example.org',
    'http://@example.org/',
    'http://10.0.0.1@8.8.8.8/',
  ])
})

test('addresses have one spelling', () => {
  refused('host-spelling', [
    ...[
      'http://2130706433/',
      'http://0x7f000001/',
      'http://127.1/',
      'http://0177.0.0.1/',
      'http://127.0.0.1./',
    ],
    ...[
      'http://0x8.8.8.8/',
      'http://8.8.2056/',
      'http://134744072/',
      'http://08.8.8.8/',
      'http://256.1.1.1/',
    ],
    ...[
      'http://1.2.3.4.5/',
      'http://a.0x7f/',
      'http://１２７.0.0.1/',
      'http://①②⑦.⓪.⓪.①/',
      'http://%31%32%37.0.0.1/',
    ],
    ...[
      'http://[0:0:0:0:0:0:0:1]/',
      'http://[::0001]/',
      'http://[2606:4700:0::1111]/',
      'http://[2606:4700::ABCD]/',
    ],
    ...['http://exa%6dple.org/', 'http://[::127.0.0.1]/'],
  ])
  // However the operator has opened the address itself, the spelling stays refused.
  refused('host-spelling', ['http://127.1/', 'http://0x7f000001:8080/'], '127.0.0.0/8')
})

test('private addresses are refused unless allowed', () => {
  const urls = [
    'http://127.0.0.1/',
    'http://[::1]/',
    'http://10.0.0.1/',
    'http://169.254.169.254/latest',
    'http://0.0.0.0/',
  ]
  const more = ['http://[::ffff:127.0.0.1]/', 'http://[::ffff:7f00:1]/', 'http://[fd00::1]/', 'http://[::]/']
  refused('private-address', [
    ...urls,
    ...more,
    'http://127.0.0.1:22/',
    'http://localhost/',
    'http://a.LOCALHOST./',
  ])
  accepted([...urls, ...more], '0.0.0.0/0,::/0')
  refused('private-address', ['http://10.0.0.1/'], '10.0.0.2,10.0.0.1:8080')
  accepted(['http://localhost:8080/'], 'localhost')
  accepted(['http://localhost:8080/'], '127.0.0.1:8080')
  refused('private-address', ['http://localhost:8080/'], '127.0.0.1:8081')
})

test('public hosts are reached on 80 and 443 only, unless an entry covers them', () => {
  refused('port', ['http://example.org:8080/', 'http://8.8.8.8:22/', 'http://example.org:0/'])
  accepted(['http://example.org:8080/', 'http://example.org:1024/'], 'example.org')
  refused('port', ['http://example.org:22/'], 'example.org')
  accepted(['http://8.8.8.8:8080/'], '8.8.8.0/24')
  refused('port', ['http://8.8.8.8:8080/'], '9.9.9.0/24')
  // Whether the name lies in that network is only known once it has been resolved.
  accepted(['http://mirror.example:8080/'], '10.0.0.0/8:8080')
  refused('port', ['http://mirror.example:8081/'], '10.0.0.0/8:8080')
})

test('redirects are checked like URLs', () => {
  const from = new URL('https://images.example.org/dir/a')
  const to = (location: string, base = from) => checkRedirect(base, location, [])
  assert.equal(to('b').href, 'https://images.example.org/dir/b')
  assert.equal(to('/b?c').href, 'https://images.example.org/b?c')
  assert.equal(to('//mirror.example/b').href, 'https://mirror.example/b')
  assert.equal(to('https://mirror.example/b', new URL('http://images.example.org/')).protocol, 'https:')

  const code = (location: string) => {
    try {
      return to(location).href
    } catch (error) {
      assert.ok(isFailure(error))
      return `${error.code} ${error.detail.reason}`
    }
  }
  assert.equal(code('http://mirror.example/b'), 'upstream redirects')
  for (const private_ of [
    'https://127.0.0.1/',
    '//10.0.0.1/',
    'https://localhost/',
    'https://mirror.example:22/',
  ]) {
    assert.equal(code(private_), 'forbidden private-address', private_)
  }
  for (const odd of [
    'file:///etc/passwd',
    '//u:p@mirror.example/',
    '/\\10.0.0.1/',
    '//0x7f000001/',
    'https://127.1/',
  ]) {
    assert.equal(code(odd), 'upstream redirects', odd)
  }
})
