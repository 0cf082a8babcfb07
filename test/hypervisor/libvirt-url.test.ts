import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isFailure } from '../../src/catalogue/failure.ts'
import { libvirt } from '../../src/hypervisor/libvirt.ts'
import { allowedLibvirtUrl } from '../../src/hypervisor/libvirt-url.ts'

const allowed = [
  'qemu:///system',
  'qemu:///session',
  'qemu+unix:///system',
  'qemu+tcp://127.0.0.1:16509/session',
  'qemu+tls://host.example.com/system',
  'qemu+ssh://host/system',
  'qemu+ssh://root@host-1.example.com:2222/system',
  'qemu+ssh://virt.user_1@[2001:db8::1]:22/session',
]

const refused = [
  '',
  'qemu',
  'qemu:///',
  'qemu:///embed?root=/tmp',
  'qemu:///system?socket=/tmp/evil',
  'qemu:///system#x',
  'qemu:///system/',
  'qemu:///system\n',
  'qemu:///System',
  ' qemu:///system',
  'QEMU:///system',
  'qemu://host/system',
  'test:///default',
  'test:///tmp/evil.xml',
  'xen:///system',
  'qemu+ext:///system?command=/tmp/evil',
  'qemu+ext://host/system',
  'qemu+unix://host/system',
  'qemu+unix:///system?socket=/tmp/evil',
  'qemu+libssh2://host/system',
  'qemu+ssh:///system',
  'qemu+ssh://host/system?command=/tmp/evil',
  'qemu+ssh://host/system?netcat=evil',
  'qemu+ssh://host/system?keyfile=/etc/shadow',
  'qemu+ssh://-oProxyCommand=evil/system',
  'qemu+ssh://-host/system',
  'qemu+ssh://-user@host/system',
  'qemu+ssh://@host/system',
  'qemu+ssh://user:password@host/system',
  'qemu+ssh://us er@host/system',
  'qemu+ssh://user@host@other/system',
  'qemu+ssh://host%20x/system',
  'qemu+ssh://ho;st/system',
  'qemu+ssh://host:/system',
  'qemu+ssh://host:0/system',
  'qemu+ssh://host:65536/system',
  'qemu+ssh://host:22:22/system',
  'qemu+ssh://[::1/system',
  'qemu+ssh://host/../system',
  'qemu+ssh://host/system,qemu:///system',
]

for (const url of allowed)
  test(`a libvirt URL that is let through: ${url}`, () => {
    assert.equal(allowedLibvirtUrl(url), true)
    assert.ok(libvirt(url))
  })

for (const url of refused)
  test(`a libvirt URL that is refused: ${JSON.stringify(url)}`, () => {
    assert.equal(allowedLibvirtUrl(url), false)
    assert.throws(
      () => libvirt(url),
      (error) => isFailure(error, 'invalid') && error.detail.fields?.url?.length === 1,
    )
  })
