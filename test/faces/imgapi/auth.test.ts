import assert from 'node:assert/strict'
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { isFailure } from '../../../src/catalogue/failure.ts'
import { readPublicKey } from '../../../src/catalogue/people/ssh-keys.ts'
import { plain, signed, startWorld, type World } from './world.ts'

/** Keys that ssh-keygen made: their type, their line, and the fingerprints that it shows. */
const opensshKeys = [
  [
    'rsa',
    'ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQCpiHZjE/89RO88J3Kbo5nSf6T4yv+9AvPC8GpLeaft0ukJsP2qO5gTCYmN23mY4FQDQChMZeDH6eE+75PaGNQmHmQReTf33PjNf338pcp2wMIVL4ILEECDALmbtZaSeaDa54GV2FTsxhus4qOH7LF63vV4jfElFVsOPbToMruMNOy/H+QMvsL0AnbhO6NJ9tvII4ngwihfnN6KoDSfunv4/3bci3aNFdwCn2wLf5WOUPAaFYolJLNz+vpGAAQRD8tZLECl2xXn4iKLHLtkckH93GOOKh7f+IYhKpSiVsyo1hDpTFW/afPC1H9O/+5b9hVQw+FsRGHKwLK7i8fy0UKb eva@example.org',
    'SHA256:Lwz/XvHetlEwntS6zJ/PhiPitupzebCjLMqCBhjjYyo',
    '54:51:c3:89:c2:d6:bf:ce:7d:4f:60:a1:ac:aa:ea:d4',
  ],
  [
    'ed25519',
    'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGvQOmc0V3p9pMbKvFv1czmD71g5X92cNGZdwPhU+llw eva@example.org',
    'SHA256:gXlccMwPbKyXhHojhb8oOmrLiWo5eWf3Rbz3GuKt6OQ',
    '2a:66:c8:7c:dd:f1:37:f4:fb:f8:e6:fe:71:d8:f9:40',
  ],
  [
    'ec',
    'ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBEXBelmAPoFDl7IhCAsu7Rge8h0qA91MWdPvDWAbXlGMAazlDQII0tOL5unr5f1a+nufWJZdBDmWYRsJ2VE6FQ0= eva@example.org',
    'SHA256:XZpcQ/uVSu1/wSnE15+7Vm33Fp00m3RIem5OBCYHFQ4',
    '58:9c:9f:ad:54:f3:d1:d8:1c:90:8e:03:79:7a:cf:b3',
  ],
] as const

/** A public key as a line of OpenSSH: what ssh-keygen writes. */
function line(type: string, ...parts: readonly Buffer[]): string {
  const all = [Buffer.from(type), ...parts].flatMap((part) => {
    const length = Buffer.alloc(4)
    length.writeUInt32BE(part.length)
    return [length, part]
  })
  return `${type} ${Buffer.concat(all).toString('base64')} eva@example.org`
}

/** As SSH writes large numbers: without a sign. */
function number(base64url: string | undefined): Buffer {
  const bytes = Buffer.from(base64url ?? '', 'base64url')
  return bytes[0]! & 0x80 ? Buffer.concat([Buffer.of(0), bytes]) : bytes
}

type Case = {
  readonly text: string
  readonly key: KeyObject
  readonly algorithms: readonly string[]
}

function rsa(): Case {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 1024 })
  const { e, n } = publicKey.export({ format: 'jwk' })
  return {
    text: line('ssh-rsa', number(e), number(n)),
    key: privateKey,
    algorithms: ['rsa-sha1', 'rsa-sha256', 'rsa-sha512'],
  }
}

function ec(curve: string, name: string, algorithm: string): Case {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: curve })
  const { x, y } = publicKey.export({ format: 'jwk' })
  const point = Buffer.concat([Buffer.of(4), Buffer.from(x!, 'base64url'), Buffer.from(y!, 'base64url')])
  return {
    text: line(`ecdsa-sha2-${name}`, Buffer.from(name), point),
    key: privateKey,
    algorithms: [algorithm],
  }
}

function ed25519(): Case {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const { x } = publicKey.export({ format: 'jwk' })
  return {
    text: line('ssh-ed25519', Buffer.from(x!, 'base64url')),
    key: privateKey,
    algorithms: ['ed25519-sha512'],
  }
}

/** The numbers of a DSA key, taken out of its SubjectPublicKeyInfo: p, q, g and y. */
function dsa(): Case {
  const { publicKey, privateKey } = generateKeyPairSync('dsa', { modulusLength: 1024, divisorLength: 160 })
  const numbers: Buffer[] = []
  const walk = (bytes: Buffer) => {
    for (let at = 0; at < bytes.length; ) {
      const tag = bytes[at]!
      let length = bytes[at + 1]!
      let start = at + 2
      if (length & 0x80) {
        const digits = length & 0x7f
        length = bytes.readUIntBE(start, digits)
        start += digits
      }
      const content = bytes.subarray(start, start + length)
      if (tag === 0x30) walk(content)
      else if (tag === 0x03) walk(content.subarray(1))
      else if (tag === 0x02) numbers.push(content)
      at = start + length
    }
  }
  walk(publicKey.export({ type: 'spki', format: 'der' }))
  return { text: line('ssh-dss', ...numbers), key: privateKey, algorithms: ['dsa-sha1'] }
}

describe('signatures (danube.md 7.1)', () => {
  let world: World
  before(async () => {
    world = await startWorld()
  })
  after(() => world.close())

  const kinds: readonly [string, () => Case][] = [
    ['RSA', rsa],
    ['DSA', dsa],
    ['an elliptic curve', () => ec('P-256', 'nistp256', 'ecdsa-sha256')],
    ['a longer curve', () => ec('P-384', 'nistp384', 'ecdsa-sha384')],
    ['Ed25519', ed25519],
  ]
  for (const [what, make] of kinds)
    test(`a user is known by a key of ${what}, as OpenSSH writes it`, async () => {
      const { text, key, algorithms } = make()
      const other = make()
      const username = `user-${what.replace(/\W+/g, '-')}`
      await world.apply({
        users: [{ username, sshKeys: [other.text, text], roles: [{ project: 'acme', role: 'owner' }] }],
      })
      for (const algorithm of algorithms) {
        const { body } = await world.expect(
          'GET',
          '/ping',
          { headers: signed(username, key, { algorithm }) },
          200,
        )
        assert.equal(body.user, username)
      }
      const made = await world.expect(
        'POST',
        '/images',
        { json: plain, headers: signed(username, key, { algorithm: algorithms[0]! }) },
        200,
      )
      assert.equal(made.body.owner, world.accounts.acme)
    })

  test('the date may be in x-date, and the key id may be a path', async () => {
    const { keys, expect } = world
    const [row] = await world.core.database.db
      .selectFrom('credentials')
      .select('label')
      .where('kind', '=', 'ssh-key')
      .where('user_id', '=', world.ids.eva)
      .execute()
    for (const headers of [
      signed('eva', keys.eva, { name: 'x-date' }),
      signed('EVA', keys.eva, { algorithm: 'rsa-sha1' }),
      signed(`/eva/keys/${row!.label}`, keys.eva),
      signed('/eva/keys', keys.eva),
    ])
      assert.equal((await expect('GET', '/ping', { headers }, 200)).body.user, 'eva')
    const wrong = signed('/eva/keys/SHA256:other', keys.eva)
    await expect('GET', '/ping', { headers: wrong }, 401, 'UnauthorizedError')
  })

  test('newer clients sign lines of the header', async () => {
    const date = new Date().toUTCString()
    const url = '/images?limit=1'
    const text = `(request-target): get ${url}\ndate: ${date}`
    const signature = sign('sha256', Buffer.from(text), world.keys.eva).toString('base64')
    const authorization = `Signature keyId="eva",algorithm="rsa-sha256",headers="(request-target) date",signature="${signature}"`
    await world.expect('GET', url, { headers: { date, authorization } }, 200)
    await world.expect(
      'GET',
      '/images?limit=2',
      { headers: { date, authorization } },
      401,
      'UnauthorizedError',
    )
    const alone = sign('sha256', Buffer.from(`date: ${date}`), world.keys.eva).toString('base64')
    const one = `Signature keyId="eva",algorithm="rsa-sha256",headers="date",signature="${alone}"`
    await world.expect('GET', url, { headers: { date, authorization: one } }, 200)
  })

  test('what is no good signature is 401, and no body is read', async () => {
    const { keys, expect } = world
    const good = signed('eva', keys.eva)
    const old = (minutes: number) =>
      signed('eva', keys.eva, { date: new Date(Date.now() + minutes * 60_000).toUTCString() })
    const bad: Readonly<Record<string, Record<string, string>>> = {
      'another key': signed('eva', keys.omar),
      nobody: signed('nobody', keys.eva),
      'somebody without keys': signed('admin', keys.eva),
      'a disabled user': signed('ivan', keys.ivan),
      'another algorithm': { ...good, authorization: good.authorization!.replace('rsa-sha256', 'rsa-sha1') },
      'an unknown algorithm': { ...good, authorization: good.authorization!.replace('rsa-sha256', 'none') },
      'an old date': old(-6),
      'a date to come': old(6),
      'another date': { ...good, date: new Date(Date.now() - 2000).toUTCString() },
      'no date': { authorization: good.authorization! },
      'a date that is none': signed('eva', keys.eva, { date: 'yesterday' }),
      'no signature': { ...good, authorization: 'Signature keyId="eva",algorithm="rsa-sha256"' },
      'an empty signature': {
        ...good,
        authorization: 'Signature keyId="eva",algorithm="rsa-sha256",signature=""',
      },
      rubbish: { ...good, authorization: 'Signature keyId="eva",algorithm="rsa-sha256",signature="AAAA"' },
      Basic: { authorization: `Basic ${Buffer.from('eva:secret').toString('base64')}` },
    }
    for (const [what, headers] of Object.entries(bad)) {
      const reply = await world.ask('POST', '/images', { body: '{', headers })
      assert.deepEqual([what, reply.status, reply.body.code], [what, 401, 'UnauthorizedError'])
      assert.match(reply.headers.get('www-authenticate')!, /^Signature /)
    }
    for (const [method, path] of [
      ['POST', '/images'],
      ['POST', '/images/0d3c9e2c-0e86-4a7a-a06c-fd1f3a0b7b7e?action=update'],
      ['PUT', '/images/0d3c9e2c-0e86-4a7a-a06c-fd1f3a0b7b7e/file?compression=none'],
      ['DELETE', '/images/0d3c9e2c-0e86-4a7a-a06c-fd1f3a0b7b7e'],
      ['POST', '/images/0d3c9e2c-0e86-4a7a-a06c-fd1f3a0b7b7e/acl'],
      ['GET', '/images/0d3c9e2c-0e86-4a7a-a06c-fd1f3a0b7b7e/jobs'],
      ['GET', '/state'],
      ['POST', '/authkeys/reload'],
    ] as const)
      await expect(method, path, {}, 401, 'UnauthorizedError')
  })

  test('guessing is slowed down', async () => {
    const wrong = () => world.ask('GET', '/ping', { headers: signed('rita', world.keys.omar) })
    const statuses: number[] = []
    for (let i = 0; i < 11; i++) statuses.push((await wrong()).status)
    assert.deepEqual(statuses, [...Array(10).fill(401), 503])
    const refused = await wrong()
    assert.equal(refused.body.code, 'ServiceUnavailableError')
    assert.ok(Number(refused.headers.get('retry-after')) > 0)
    await world.expect('GET', '/ping', { as: 'eva' }, 200)
  })

  test('a role that does not allow it is told apart from an image of others', async () => {
    const { image, expect } = world
    const { uuid } = await image({ visibility: 'public' }, 'public bytes')
    const update = (as: 'rita' | 'omar' | 'lone') =>
      [`POST`, `/images/${uuid}?action=update`, { as, json: { name: 'mine' } }] as const
    await expect(...update('omar'), 422, 'NotImageOwner')
    await expect(...update('lone'), 422, 'NotImageOwner')
    await expect('POST', '/images', { as: 'lone', json: plain }, 403, 'OperatorOnly')
    // A reader may not download for its project, but sees what everybody sees.
    assert.equal((await expect('GET', `/images/${uuid}/file`, { as: 'lone' }, 200)).text, 'public bytes')
    const hidden = await image({}, 'private bytes')
    await expect('POST', `/images/${hidden.uuid}?action=disable`, { as: 'omar' }, 404, 'ResourceNotFound')
  })
})

describe('public keys', () => {
  test('of OpenSSH are read', () => {
    for (const [type, text, fingerprint, md5] of opensshKeys) {
      const read = readPublicKey(text)
      assert.deepEqual([read.key.asymmetricKeyType, read.fingerprint, read.md5], [type, fingerprint, md5])
    }
  })

  test('that are none are refused', () => {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 1024 })
    const short = generateKeyPairSync('rsa', { modulusLength: 512 }).publicKey
    const { e, n } = publicKey.export({ format: 'jwk' })
    const good = line('ssh-rsa', number(e), number(n))
    const [, base64] = good.split(' ')
    const bad = [
      '',
      'x',
      'ssh-rsa',
      'ssh-rsa AAAA',
      `ssh-rsa ${base64!.slice(0, 40)}`,
      `ssh-ed25519 ${base64}`,
      line('ssh-unknown', Buffer.from('x')),
      line('ecdsa-sha2-nistp256', Buffer.from('nistp256'), Buffer.from('04ff', 'hex')),
      line('ssh-ed25519', Buffer.from('short')),
      '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----',
      privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      short.export({ type: 'spki', format: 'pem' }).toString(),
    ]
    for (const text of bad)
      assert.throws(
        () => readPublicKey(text),
        (error) => isFailure(error, 'invalid') && error.detail.reason === 'ssh-key',
        text,
      )
  })
})

describe('keys in the bootstrap file', () => {
  test('are one list that is replaced as a whole, and applying it twice changes nothing', async () => {
    const world = await startWorld()
    try {
      const [a, b] = [rsa(), rsa()]
      const answer = async (key: KeyObject) =>
        (await world.ask('GET', '/ping', { headers: signed('eva', key) })).status
      const apply = (...sshKeys: string[]) => world.apply({ users: [{ username: 'eva', sshKeys }] })
      await apply(a.text)
      assert.deepEqual([await answer(a.key), await answer(b.key)], [200, 401])
      await apply(a.text, b.text)
      await apply(b.text)
      await apply(b.text)
      assert.deepEqual([await answer(a.key), await answer(b.key)], [401, 200])
      await assert.rejects(apply('ssh-rsa nonsense'), (error) => isFailure(error, 'invalid'))
      assert.equal(await answer(b.key), 200)
    } finally {
      await world.close()
    }
  })
})
