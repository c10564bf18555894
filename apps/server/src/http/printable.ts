const longestName = 300

/** Names come from clients: a line break or a change of direction in one would make a log say what it did not. */
export function printable(text: string): string {
  const shown = text.slice(0, longestName)
  return /^[ -~]*$/.test(shown) ? shown : shown.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\ufffd')
}
