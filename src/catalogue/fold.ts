/** The form in which text is compared and sorted where a contract says "case-insensitive": the same on both engines. */
export function fold(text: string): string {
  return text.normalize('NFC').toLowerCase()
}

/** Characters of a text that an index can hold, however many bytes each of them has. */
export const indexedCharacters = 255

export function firstCharacters(text: string): string {
  return text.length <= indexedCharacters ? text : [...text].slice(0, indexedCharacters).join('')
}
