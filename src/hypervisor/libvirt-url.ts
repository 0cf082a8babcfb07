/**
 * A libvirt URL can name programs to run (`qemu+ext:`, `?command=`, `?netcat=`), files to read (`?keyfile=`,
 * `test:///file`) and sockets to talk to (`?socket=`), and ssh takes a host that begins with `-` for an option. So only
 * these forms are let through, none with a query: `qemu:///system`, `qemu:///session`, `qemu+unix:///system` and
 * `qemu+(tls|tcp|ssh)://[user@]host[:port]/(system|session)`.
 */
export function allowedLibvirtUrl(url: string): boolean {
  if (/^qemu(\+unix)?:\/\/\/(system|session)$/.test(url)) return true
  const found = /^qemu\+(?:tls|tcp|ssh):\/\/(?:([^@/]*)@)?([^@/]*?)(?::(\d{1,5}))?\/(?:system|session)$/.exec(
    url,
  )
  if (!found) return false
  const [, user, host = '', port] = found
  if (user !== undefined && !/^[a-z0-9_][a-z0-9_.-]{0,63}$/i.test(user)) return false
  if (port !== undefined && (Number(port) < 1 || Number(port) > 65_535)) return false
  return /^(?:[a-z0-9](?:[a-z0-9.-]{0,252})|\[[0-9a-f:.]{2,45}\])$/i.test(host)
}
