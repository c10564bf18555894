import type { Offer, OfferedTool } from './offer.ts'
import { ending, isCommonWord, wordsOf } from './words.ts'

const mostCalls = 4
const longestText = 4000

/**
 * The tools that a text seems to ask for, in the order of the offer.
 *
 * A tool is asked for when the text has its name, or at least half of the telling words of it ("weather" for
 * `get_weather`). Without such a tool the one counts whose description and parameters share the most words with the
 * text, if two or more. Where a call is required and nothing fits, the first tool is called.
 */
export function chooseTools({ tools, mode, isParallel }: Offer, text: string): readonly OfferedTool[] {
  if (mode === 'none' || tools.length === 0) return []
  const read = ending(text, longestText)
  const said = new Set(wordsOf(read))

  const named = tools
    .map((tool) => ({ tool, ...nameInText(tool.name, read, said) }))
    .filter(({ share }) => share >= 0.5)
    .sort((a, b) => b.share - a.share)
  // `get_weather_forecast` is not meant too by the word that `get_weather` has already answered to.
  const answered = new Set<string>()
  const chosen: OfferedTool[] = []
  for (const { tool, words } of named) {
    if (words.some((word) => !answered.has(word))) chosen.push(tool)
    for (const word of words) answered.add(word)
  }

  const [first = described(tools, said) ?? (mode === 'required' ? tools[0] : undefined)] = chosen
  if (!first) return []
  const calls = isParallel && chosen.length > 0 ? chosen.slice(0, mostCalls) : [first]
  return tools.filter((tool) => calls.includes(tool))
}

/** Verbs that half of all tools begin with. */
const commonInNames = new Set(
  wordsOf('add api check create current data delete fetch file info lookup read run search update user'),
)

/** How much of a tool's name is in the text, 0 to 2, and the words it shares with it. */
function nameInText(name: string, text: string, said: ReadonlySet<string>): { share: number; words: string[] } {
  if (name.length > 2 && isWordIn(name, text)) return { share: 2, words: [`the name ${name}`, ...wordsOf(name)] }
  const all = wordsOf(name)
  const telling = all.filter((word) => !isCommonWord(word) && !commonInNames.has(word))
  if (telling.length === 0) {
    const isSaid = all.length > 0 && all.every((word) => said.has(word) && !isCommonWord(word))
    return { share: isSaid ? 1 : 0, words: all }
  }
  const words = telling.filter((word) => said.has(word))
  return { share: words.length / telling.length, words }
}

/** `add` is not in "address". */
function isWordIn(word: string, text: string): boolean {
  for (let at = text.indexOf(word); at !== -1; at = text.indexOf(word, at + 1)) {
    const around = `${text.charAt(at - 1)} ${text.charAt(at + word.length)}`
    if (!/[\p{L}\p{N}_]/u.test(around)) return true
  }
  return false
}

function described(tools: readonly OfferedTool[], said: ReadonlySet<string>): OfferedTool | undefined {
  const scored = tools.map((tool) => {
    const properties = tool.parameters.properties
    const names = typeof properties === 'object' && properties !== null ? Object.keys(properties).join(' ') : ''
    const words = new Set(wordsOf(`${tool.name} ${tool.description} ${names}`))
    const shared = [...words].filter((word) => said.has(word) && word.length > 1 && !isCommonWord(word))
    // Two Chinese or Japanese characters tell more than one word of a language with spaces.
    return { tool, score: shared.reduce((sum, word) => sum + (/^\p{Lo}/u.test(word) ? 2 : 1), 0) }
  })
  const best = scored.reduce((score, one) => Math.max(score, one.score), 0)
  return best >= 2 ? scored.find(({ score }) => score === best)?.tool : undefined
}
