// Words of JSON, and of the languages that models mistake it for.
const WORDS = /^(?:([Tt]rue)|([Ff]alse)|null|None|NaN|-?Infinity)$/

/** The JSON of a word or number without quotes; undefined where the text is neither. */
export function bareLiteral(text: string): string | undefined {
  const [word, isTrue, isFalse] = WORDS.exec(text) ?? []
  return word === undefined ? jsonNumber(text) : isTrue ? 'true' : isFalse ? 'false' : 'null'
}

/** A run of characters that may stand in such a word or number: letters and digits of ASCII, `+ - . _`. */
export const BARE = /[\w+.-]*/y

/**
 * The JSON of a number that was written as people and programming languages do: `+1`, `.5`, `1.`, `007`. All digits are
 * kept, for a detour over a double would lose some of them. Undefined where the text is no decimal number.
 */
export function jsonNumber(text: string): string | undefined {
  if (/^-?(0|[1-9]\d*)(\.\d+)?(e[+-]?\d+)?$/i.test(text)) return text
  const parts = /^([+-]?)(\d*)(?:(\.)(\d*))?(e[+-]?\d+)?$/i.exec(text)
  if (!parts) return undefined
  const [, sign, whole = '', point, fraction = '', exponent = ''] = parts
  if (whole === '' && fraction === '') return undefined
  const digits = whole.replace(/^0+(?=\d)/, '') || '0'
  return (sign === '-' ? '-' : '') + digits + (point ? `.${fraction || '0'}` : '') + exponent
}
