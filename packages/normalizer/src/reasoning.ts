import type { ReasoningTags } from './markup-format.ts'

const tag = (name: string): ReasoningTags => ({ opener: `<${name}>`, closer: `</${name}>` })
const token = (opener: string, closer: string): ReasoningTags => ({ opener, closer, isToken: true })

export const think = tag('think')
export const thinking = tag('thinking')
export const mistralThink = token('[THINK]', '[/THINK]')
export const kimiVlThink = token('◁think▷', '◁/think▷')
export const apertusThink = token('<|inner_prefix|>', '<|inner_suffix|>')
export const cohereThink = token('<|START_THINKING|>', '<|END_THINKING|>')
export const seedThink = token('<seed:think>', '</seed:think>')
export const longcatThink = token('<longcat_think>', '</longcat_think>')
export const horizonThink = ['think', 'think_fast', 'think_faster'].map((name) =>
  token(`<ifm|${name}>`, `</ifm|${name}>`),
)

/** The tags of all families. */
export const everyReasoning: readonly ReasoningTags[] = [
  think,
  thinking,
  tag('thought'),
  tag('reasoning'),
  seedThink,
  longcatThink,
  token('<mm:think>', '</mm:think>'),
  mistralThink,
  kimiVlThink,
  apertusThink,
  cohereThink,
  token('<|channel>thought', '<channel|>'),
  ...horizonThink,
]
