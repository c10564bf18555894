/** Stems of the words of a text or of a name in any spelling (`getWeather`, `get_weather`), in order, lower case. */
export function wordsOf(text: string): string[] {
  return Array.from(spaced(text).matchAll(word)).flatMap(([found]) =>
    unspaced.test(found) ? pairsOf(found) : [stemOf(found)],
  )
}

/** `camelCase` as `camel case`; all lower case. */
export function spaced(text: string): string {
  return text.replace(/(?<=[\p{Ll}\p{N}])(?=\p{Lu})/gu, ' ').toLowerCase()
}

const word = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]+|[\p{L}\p{M}]+|\p{N}+/gu
const unspaced = /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/u

/** Chinese and Japanese put no spaces: two characters are about a word. */
function pairsOf(text: string): string[] {
  const characters = [...text]
  if (characters.length < 2) return characters
  return characters.slice(1).map((character, i) => `${characters[i]}${character}`)
}

/** Rough, and the same for all forms of a word that matters here: `calculate`, `calculator`, `calculations`. */
function stemOf(word: string): string {
  const stem = word.replace(/(?:ations?|ators?|ates?|ing|ers?|ors?|ed|es|e|s)$/, '')
  return stem.length >= 3 ? stem : word
}

/** Words that say nothing about what a sentence is about. */
const commonWords = new Set(
  `a about all also an and any are as at be but by call can could day demo did do does find for from function get give
  given hello hey hi how i if in input into is it its let like list look make may me my name need no not now of ok on one
  or our output param parameter please return set should show so some string tell text than thank that the their them
  then there these they this to tool use user value want was we what when where which who why will with would write yes
  you your`
    .split(/\s+/)
    .flatMap((word) => [word, stemOf(word)]),
)

/** Takes what `wordsOf` gives, or any other lower-case word. */
export function isCommonWord(word: string): boolean {
  return commonWords.has(word)
}

/** At most `length` characters of `text`, with an ellipsis where something is missing. Pairs are never cut. */
export function shortened(text: string, length: number): string {
  // Twice as many UTF-16 units are enough to look at.
  const characters = [...text.slice(0, 2 * length + 2)]
  return characters.length <= length ? characters.join('') : `${characters.slice(0, length - 1).join('')}…`
}

/** The last `units` UTF-16 units of a text, not beginning inside of a pair. */
export function ending(text: string, units: number): string {
  const end = text.slice(-units)
  return /^[\uDC00-\uDFFF]/.test(end) && end.length < text.length ? end.slice(1) : end
}
