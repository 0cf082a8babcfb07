/** A URL for people to read: without name and password, and without the query, which in signed ones gives access. */
export function withoutSecrets(url: string): string {
  return url.replace(/[?#].*$/s, '').replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/]*@/i, '$1')
}

/** A text for people to read, with all web addresses in it such. They end at white space, or at the quote before that. */
export function withoutSecretsIn(text: string): string {
  return text.replace(/https?:\/\/\S+?(?='?(?:\s|$))/gi, withoutSecrets)
}
