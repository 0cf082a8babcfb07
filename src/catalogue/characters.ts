/** Contracts count characters, of which some take two units of JavaScript's texts. */
export function isLonger(text: string, characters: number): boolean {
  return text.length > characters && [...text].length > characters
}
