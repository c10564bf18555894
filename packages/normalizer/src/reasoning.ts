import type { ReasoningTags } from './markup-format.ts'

// Data without a call or spread, so that a bundle gets only the tags that its formats name.

export const think: ReasoningTags = { opener: '<think>', closer: '</think>' }
export const thinking: ReasoningTags = { opener: '<thinking>', closer: '</thinking>' }
export const mistralThink: ReasoningTags = { opener: '[THINK]', closer: '[/THINK]', isToken: true }
export const kimiVlThink: ReasoningTags = { opener: '◁think▷', closer: '◁/think▷', isToken: true }
export const apertusThink: ReasoningTags = { opener: '<|inner_prefix|>', closer: '<|inner_suffix|>', isToken: true }
export const cohereThink: ReasoningTags = { opener: '<|START_THINKING|>', closer: '<|END_THINKING|>', isToken: true }
export const seedThink: ReasoningTags = { opener: '<seed:think>', closer: '</seed:think>', isToken: true }
export const longcatThink: ReasoningTags = { opener: '<longcat_think>', closer: '</longcat_think>', isToken: true }
const horizon: ReasoningTags = { opener: '<ifm|think>', closer: '</ifm|think>', isToken: true }
const horizonFast: ReasoningTags = { opener: '<ifm|think_fast>', closer: '</ifm|think_fast>', isToken: true }
const horizonFaster: ReasoningTags = { opener: '<ifm|think_faster>', closer: '</ifm|think_faster>', isToken: true }
export const horizonThink: readonly ReasoningTags[] = [horizon, horizonFast, horizonFaster]

/** The tags of all families. */
export const everyReasoning: readonly ReasoningTags[] = [
  think,
  thinking,
  { opener: '<thought>', closer: '</thought>' },
  { opener: '<reasoning>', closer: '</reasoning>' },
  seedThink,
  longcatThink,
  { opener: '<mm:think>', closer: '</mm:think>', isToken: true },
  mistralThink,
  kimiVlThink,
  apertusThink,
  cohereThink,
  { opener: '<|channel>thought', closer: '<channel|>', isToken: true },
  horizon,
  horizonFast,
  horizonFaster,
]
