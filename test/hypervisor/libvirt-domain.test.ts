import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type FailureCode, isFailure } from '../../src/catalogue/failure.ts'
import type { DomainState } from '../../src/hypervisor/hypervisor.ts'
import { sourceAt } from '../../src/hypervisor/libvirt.ts'
import { diskElements, readDomain, readStats } from '../../src/hypervisor/libvirt-domain.ts'
import { virshFailure } from '../../src/hypervisor/virsh.ts'
import { readXml } from '../../src/hypervisor/xml.ts'

const uuid = '0b1c2d3e-0000-4000-8000-00000000abcd'

const disk = (target: string, source: string, { type = 'file', device = 'disk', below = '' } = {}) => `
  <disk type='${type}' device='${device}'>
    <driver name='qemu' type='qcow2' cache='none'/>
    ${source}
    ${below}
    <target dev='${target}' bus='virtio'/>
  </disk>`

const domain = (disks: string, more = '') => `
<domain type='kvm' id='7'>
  <name>db &amp; co</name>
  <uuid>${uuid.toUpperCase()}</uuid>
  ${more}
  <memory unit='KiB'>2097152</memory>
  <currentMemory unit='KiB'>1048576</currentMemory>
  <vcpu placement='static' current='2'>4</vcpu>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>${disks}
    <interface type='network'><source network='default'/><target dev='vnet0'/></interface>
  </devices>
</domain>`

const snapshot = (disks: string, inside: string, name = 'one', created = 1_700_000_000) => `
<domainsnapshot>
  <name>${name}</name>
  <description>before &lt;it&gt;</description>
  <state>running</state>
  <creationTime>${created}</creationTime>
  <memory snapshot='internal'/>
  ${disks}
  ${inside}
</domainsnapshot>`

const stats = readStats(`Domain: 'db & co'
  state.state=1
  state.reason=1
  block.count=3
  block.0.name=vda
  block.0.path=/images/a=b.qcow2
  block.0.capacity=10737418240
  block.1.name=sda
  block.2.name=vdb
  block.2.capacity=1048576
`)

const ordinary = domain(
  disk('vda', `<source file='/images/a=b.qcow2' index='2'/>`) +
    disk('sda', '', { device: 'cdrom' }) +
    disk('fda', `<source file='/images/boot.img'/>`, { device: 'floppy' }) +
    disk('vdb', `<source dev='/dev/vg/data'/>`, { type: 'block' }) +
    disk('vdc', `<source protocol='rbd' name='pool/image'/>`, { type: 'network' }) +
    disk('vdd', `<source pool='default' volume='v'/>`, { type: 'volume' }),
)

test('a domain: drives left out of the numbering, sizes, sources', () => {
  assert.deepEqual(readDomain(readXml(ordinary), stats, []), {
    uuid,
    name: 'db & co',
    state: 'running',
    vcpus: 2,
    ramMb: 2048,
    disks: [
      { number: 1, target: 'vda', sizeBytes: 10_737_418_240, format: 'qcow2', source: '/images/a=b.qcow2' },
      { number: 2, target: 'vdb', sizeBytes: 1_048_576, format: 'qcow2', source: '/dev/vg/data' },
      { number: 3, target: 'vdc', sizeBytes: 0, format: 'qcow2', source: null },
      { number: 4, target: 'vdd', sizeBytes: 0, format: 'qcow2', source: null },
    ],
    snapshots: [],
    ostype: null,
  })
})

const states: readonly [number, DomainState][] = [
  [0, 'error'],
  [1, 'running'],
  [2, 'running'],
  [3, 'frozen'],
  [4, 'stopping'],
  [5, 'stopped'],
  [6, 'error'],
  [7, 'frozen'],
  [99, 'error'],
]
for (const [number, state] of states)
  test(`libvirt's state ${number} is ${state}`, () => {
    const read = readDomain(readXml(ordinary), new Map([['state.state', String(number)]]), [])
    assert.equal(read.state, state)
  })

const systems: readonly [string, string | null][] = [
  ['http://debian.org/debian/12', 'linux'],
  ['http://redhat.com/rhel/9.2', 'linux'],
  ['http://oracle.com/ol/9', 'linux'],
  ['http://microsoft.com/win/2k22', 'windows'],
  ['http://microsoft.com/msdos/6.22', null],
  ['http://freebsd.org/freebsd/14', 'bsd'],
  ['http://www.openbsd.org/openbsd/7', 'bsd'],
  ['http://oracle.com/solaris/11', null],
  ['http://apple.com/macosx/10.7', null],
  ['http://libosinfo.org/unknown', null],
  ['', null],
]
for (const [id, ostype] of systems)
  test(`the system ${id || 'that is not said'} is ${ostype}`, () => {
    const metadata = `<metadata>
      <mine:os xmlns:mine="http://example.com/" id="http://microsoft.com/win/10"/>
      <libosinfo:libosinfo xmlns:libosinfo="http://libosinfo.org/xmlns/libvirt/domain/1.0"><libosinfo:os id="${id}"/></libosinfo:libosinfo>
    </metadata>`
    assert.equal(readDomain(readXml(domain('', metadata)), stats, []).ostype, ostype)
  })

test('snapshots: which disks they cover, oldest first', () => {
  const listed = (...disks: readonly [string, string][]) =>
    `<disks>${disks.map(([name, kept]) => `<disk name='${name}' snapshot='${kept}'/>`).join('')}</disks>`
  const read = readDomain(readXml(ordinary), stats, [
    readXml(
      snapshot(listed(['vda', 'external'], ['vdb', 'no'], ['sda', 'no']), ordinary, 'late', 1_800_000_000),
    ),
    readXml(snapshot(listed(['vda', 'internal'], ['vdb', 'internal'], ['vdz', 'internal']), ordinary)),
    readXml(snapshot('', domain(disk('vda', `<source file='/images/a.qcow2'/>`)), 'ancient', 1_300_000_000)),
    readXml(snapshot(listed(['vda', 'manual']), ordinary, ' --none; ', 1_900_000_000)),
  ])
  assert.deepEqual(
    read.snapshots.map(({ name, kind, disks, createdAt }) => [name, kind, disks, createdAt]),
    [
      ['ancient', 'internal', [1], 1_300_000_000_000_000],
      ['one', 'internal', [1, 2], 1_700_000_000_000_000],
      ['late', 'external', [1], 1_800_000_000_000_000],
      [' --none; ', 'internal', [], 1_900_000_000_000_000],
    ],
  )
  assert.equal(read.snapshots[0]?.note, 'before <it>')
})

describe('where a snapshot lies', () => {
  const then = domain(disk('vda', `<source file='/images/base.qcow2'/>`))
  const internal = snapshot(`<disks><disk name='vda' snapshot='internal'/></disks>`, then)
  const external = snapshot(
    `<disks><disk name='vda' snapshot='external' type='file'><driver type='qcow2'/><source file='/images/over.qcow2'/></disk></disks>`,
    then,
  )
  const below = (file: string, more = '<backingStore/>') =>
    `<backingStore type='file'><format type='qcow2'/><source file='${file}'/>${more}</backingStore>`
  const now = (file: string, chain = '') =>
    diskElements(readXml(domain(disk('vda', `<source file='${file}'/>`, { below: chain }))))[0]!
  const inBase = { file: '/images/base.qcow2', format: 'qcow2', internal: null }

  test('an internal one in the image of that time', () => {
    const source = sourceAt(readXml(internal), now('/images/over.qcow2'), 'one')
    assert.deepEqual(source, { ...inBase, internal: 'one' })
  })

  const fine: readonly [string, ReturnType<typeof now>][] = [
    ['directly below the overlay', now('/images/over.qcow2', below('/images/base.qcow2'))],
    ['further below', now('/images/top.qcow2', below('/images/over.qcow2', below('/images/base.qcow2')))],
    ['below an overlay that is shut off and tells nothing', now('/images/over.qcow2')],
    ['no longer needed by the disk', now('/images/pulled.qcow2', '<backingStore/>')],
  ]
  for (const [what, disk] of fine)
    test(`an external one ${what}`, () => {
      assert.deepEqual(sourceAt(readXml(external), disk, 'one'), inBase)
    })

  const lost: readonly [string, ReturnType<typeof now>][] = [
    ['being written', now('/images/base.qcow2')],
    ['committed into', now('/images/top.qcow2', below('/images/base.qcow2'))],
  ]
  for (const [what, disk] of lost)
    test(`an external one that is lost: its image is ${what}`, () => {
      assert.throws(
        () => sourceAt(readXml(external), disk, 'one'),
        (error) => isFailure(error, 'state') && error.detail.reason === 'lost',
      )
    })

  test('a disk that it does not cover, or that is no file', () => {
    const other = diskElements(readXml(ordinary))[1]!
    assert.throws(
      () => sourceAt(readXml(internal), other, 'one'),
      (error) => isFailure(error, 'not-found') && error.detail.subject === 'snapshot',
    )
    const remote = domain(disk('vda', `<source protocol='rbd' name='p/i'/>`, { type: 'network' }))
    assert.throws(
      () =>
        sourceAt(
          readXml(snapshot(`<disks><disk name='vda' snapshot='external'/></disks>`, remote)),
          now('/x'),
          'one',
        ),
      (error) => isFailure(error, 'state') && error.detail.subject === 'disk',
    )
  })
})

const said: readonly [string, FailureCode, string | undefined][] = [
  [
    'error: failed to connect to the hypervisor\nerror: unable to connect to server',
    'unavailable',
    undefined,
  ],
  ['error: Disconnected from qemu:///system due to end of file', 'unavailable', undefined],
  [`error: failed to get domain 'x'`, 'not-found', 'instance'],
  [`error: Domain snapshot not found: no domain snapshot with matching name 'x'`, 'not-found', 'snapshot'],
  ['error: operation failed: domain moment x already exists', 'conflict', 'snapshot'],
  [
    'error: Timed out during operation: cannot acquire state change lock (held by monitor=remoteDispatch)',
    'busy',
    'instance',
  ],
  [
    'error: Failed to shutdown domain\nerror: Requested operation is not valid: domain is not running',
    'state',
    'instance',
  ],
  ['error: unsupported configuration: internal snapshot for disk vda unsupported', 'state', 'instance'],
  ['error: internal error: something broke', 'unavailable', undefined],
  ['', 'unavailable', undefined],
]
for (const [stderr, code, subject] of said)
  test(`virsh says "${stderr.replaceAll('\n', ' ')}": ${code}`, () => {
    const failure = virshFailure(stderr)
    assert.equal(failure.code, code)
    assert.equal(failure.detail.subject, subject)
    assert.equal(failure.detail.reason, code === 'unavailable' ? 'hypervisor' : undefined)
    assert.ok(failure.cause instanceof Error)
  })
