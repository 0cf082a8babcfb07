/** A URL for people to read: signed ones carry what gives access to them in the query. */
export function withoutSecrets(url: string): string {
  return url.replace(/[?#].*$/s, '')
}
