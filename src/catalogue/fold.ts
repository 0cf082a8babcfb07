/** The form in which text is compared and sorted where a contract says "case-insensitive": the same on both engines. */
export function fold(text: string): string {
  return text.normalize('NFC').toLowerCase()
}

export function foldOrNull(text: string | null | undefined): string | null {
  return text === null || text === undefined ? null : fold(text)
}
