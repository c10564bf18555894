// Quote, backslash and control characters: all but what may stand in a JSON string as it is.
const ESCAPED = /[^ !#-[\]-\uffff]/
const EACH_ESCAPED = /[^ !#-[\]-\uffff]/g

/**
 * The text as it stands between the quotes of a JSON string. Piece by piece gives the same as all at once: lone
 * surrogates stay as they are, since the other half may be in the next piece.
 */
export function escapeJson(text: string): string {
  if (!ESCAPED.test(text)) return text
  // JSON.stringify is native, but writes lone surrogates as escapes.
  return text.isWellFormed() ? JSON.stringify(text).slice(1, -1) : text.replace(EACH_ESCAPED, escapeJson)
}
