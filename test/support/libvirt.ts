/**
 * A real libvirt with real QEMU guests for tests, from Debian packages and without systemd or KVM. Each caller gets a
 * libvirtd of its own: an unprivileged one, whose sockets, settings and state are all in one temporary directory, so it
 * meets neither the machine's libvirtd nor that of another test. Where the tests run as root it runs as `nobody`, because
 * root's libvirtd always uses `/run/libvirt` and `/var/lib/libvirt`, of which there is one. It listens on a port of
 * loopback, because a URL that names a socket file is none that Imageport takes.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { chmod, chown, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { debianPackage } from './debian.ts'
import { freePort } from './ports.ts'

/** The daemon alone: `libvirt-daemon-system` would add its settings, the firewall and all of systemd. */
export const libvirtPackages = ['libvirt-daemon', 'libvirt-clients', 'qemu-system-x86', 'qemu-utils'] as const

export type Guest = {
  readonly name: string
  /** Becomes vda, vdb, …; with a CD drive behind them. */
  readonly disks: readonly { readonly file: string; readonly format: string }[]
  /** The id of an operating system in libosinfo's words. */
  readonly os?: string
}

export type TestLibvirt = {
  /** One that Imageport takes. */
  readonly url: string
  /** Where the guests may read and write. */
  readonly directory: string
  /** Runs virsh, and gives what it says. */
  virsh(...args: string[]): Promise<string>
  /** A new qcow2 or raw image in `directory`, made by qemu-img and writable for the guests; gives its path. */
  disk(name: string, options?: { format?: string; megabytes?: number }): Promise<string>
  /** Defines a guest of 32 MB without an operating system, not yet started; gives its uuid. */
  define(guest: Guest): Promise<string>
  /** Has a running guest's QEMU write to its disk, e.g. `write -P 0x22 32M 1M`; 0 is vda. It does not tell of failures. */
  guestIo(uuid: string, disk: number, command: string): Promise<void>
  /** Ends the guests and the daemon and removes everything. */
  stop(): Promise<void>
}

const run = promisify(execFile)
const nobody = 65534

/** Starts a libvirtd, or returns null (after a message on stderr) where it cannot be installed. */
export async function startLibvirt(): Promise<TestLibvirt | null> {
  if (!(await debianPackage(...libvirtPackages))) return null
  const root = process.getuid?.() === 0
  const base = await mkdtemp(join(tmpdir(), 'imageport-libvirt-'))
  const directory = join(base, 'disks')
  const settings = join(base, 'config', 'libvirt')
  const runtime = join(base, 'run')
  let daemon: ChildProcess | null = null

  const own = async (path: string) => {
    if (root) await chown(path, nobody, nobody)
  }
  const endNow = () => {
    daemon?.kill('SIGKILL')
    endGuests(join(runtime, 'libvirt', 'qemu', 'run'))
  }
  // When the test run ends without getting to `stop`.
  process.once('exit', endNow)
  const stop = async () => {
    process.off('exit', endNow)
    await end(daemon)
    endNow()
    // A guest that is just being killed may still write its last file.
    await rm(base, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
  }

  try {
    await chmod(base, 0o755)
    for (const path of [directory, join(base, 'config'), settings, runtime]) await mkdir(path)
    const port = await freePort()
    await writeFile(
      join(settings, 'libvirtd.conf'),
      `listen_tls = 0\nlisten_tcp = 1\nlisten_addr = "127.0.0.1"\ntcp_port = "${port}"\nauth_tcp = "none"\nauth_unix_rw = "none"\n`,
    )
    await writeFile(
      join(settings, 'qemu.conf'),
      'security_driver = "none"\nstdio_handler = "file"\nnamespaces = []\ncgroup_controllers = []\n',
    )
    for (const path of [base, directory, join(base, 'config'), settings, runtime]) await own(path)
    const user = root ? [`--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups'] : []
    daemon = spawn(
      'setpriv',
      // The kernel ends it when the test run is killed.
      [...user, '--pdeathsig=KILL', 'libvirtd', '--listen', '--config', join(settings, 'libvirtd.conf')],
      {
        cwd: base,
        stdio: ['ignore', 'ignore', 'pipe'],
        env: {
          PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
          HOME: base,
          XDG_CONFIG_HOME: join(base, 'config'),
          XDG_CACHE_HOME: join(base, 'cache'),
          XDG_DATA_HOME: join(base, 'data'),
          XDG_RUNTIME_DIR: runtime,
        },
      },
    )
    const url = `qemu+tcp://127.0.0.1:${port}/session`
    const virsh = async (...args: string[]) => {
      const env = { ...process.env, LC_ALL: 'C' }
      return (await run('virsh', ['--quiet', `--connect=${url}`, ...args], { env })).stdout
    }
    await untilAnswering(daemon, virsh)

    return {
      url,
      directory,
      virsh,
      stop,
      async disk(name, { format = 'qcow2', megabytes = 64 } = {}) {
        const path = join(directory, name)
        await run('qemu-img', ['create', '-q', '-f', format, path, `${megabytes}M`])
        await own(path)
        return path
      },
      async define(guest) {
        const file = join(base, `${randomUUID()}.xml`)
        await writeFile(file, domainXml(guest))
        await virsh('define', `--file=${file}`)
        return (await virsh('domuuid', `--domain=${guest.name}`)).trim()
      },
      async guestIo(uuid, disk, command) {
        const device = `/machine/peripheral/virtio-disk${disk}/virtio-backend`
        await virsh('qemu-monitor-command', `--domain=${uuid}`, '--hmp', `qemu-io -d ${device} "${command}"`)
      },
    }
  } catch (error) {
    await stop()
    throw error
  }
}

function domainXml({ name, disks, os }: Guest): string {
  const info = os
    ? `<metadata><libosinfo:libosinfo xmlns:libosinfo="http://libosinfo.org/xmlns/libvirt/domain/1.0">
        <libosinfo:os id="${xml(os)}"/></libosinfo:libosinfo></metadata>`
    : ''
  const devices = disks.map(
    ({ file, format }, index) => `
      <disk type='file' device='disk'>
        <driver name='qemu' type='${xml(format)}'/><source file='${xml(file)}'/>
        <target dev='vd${String.fromCharCode(97 + index)}' bus='virtio'/>
      </disk>`,
  )
  return `
    <domain type='qemu'>
      <name>${xml(name)}</name>
      ${info}
      <memory unit='MiB'>32</memory>
      <vcpu>1</vcpu>
      <os><type arch='x86_64' machine='pc'>hvm</type></os>
      <features><acpi/></features>
      <devices>
        <emulator>/usr/bin/qemu-system-x86_64</emulator>${devices.join('')}
        <disk type='file' device='cdrom'><target dev='hda' bus='ide'/><readonly/></disk>
      </devices>
    </domain>`
}

function xml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}

/** libvirt leaves guests running when it ends; each has its process id in a file. */
function endGuests(directory: string): void {
  let names: string[] = []
  try {
    names = readdirSync(directory).filter((name) => name.endsWith('.pid') && name !== 'driver.pid')
  } catch {
    // No guest has been started.
  }
  for (const name of names) {
    try {
      process.kill(Number(readFileSync(join(directory, name), 'utf8')), 'SIGKILL')
    } catch {
      // Ended meanwhile.
    }
  }
}

async function untilAnswering(
  daemon: ChildProcess,
  virsh: (...args: string[]) => Promise<string>,
): Promise<void> {
  let words = ''
  daemon.on('error', (error) => {
    words += error.message
  })
  daemon.stderr?.setEncoding('utf8').on('data', (text: string) => {
    words = (words + text).slice(-4000)
  })
  const deadline = Date.now() + 60_000
  while (Date.now() < deadline && daemon.exitCode === null && daemon.signalCode === null) {
    const answering = await virsh('uri').then(
      () => true,
      () => false,
    )
    if (answering) return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error(`libvirtd does not start: ${words}`)
}

function end(child: ChildProcess | null): Promise<void> {
  return new Promise((resolve) => {
    if (!child?.pid || child.exitCode !== null || child.signalCode !== null) return resolve()
    child.once('exit', () => resolve())
    child.kill('SIGKILL')
  })
}
