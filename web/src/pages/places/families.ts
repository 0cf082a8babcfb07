/** The families of operating systems that Foreman knows. */
export const families = [
  ...['AIX', 'Altlinux', 'Archlinux', 'Coreos', 'Debian', 'Fcos', 'Freebsd', 'Gentoo', 'Junos'],
  ...['NXOS', 'Rancheros', 'Redhat', 'Rhcos', 'Solaris', 'Suse', 'VRP', 'Windows', 'Xenserver'],
]

/** How installers of an operating system want passwords to be hashed, by Foreman's names. */
export const passwordHashes = ['SHA512', 'SHA256', 'Base64', 'Base64-Windows', 'MD5']
