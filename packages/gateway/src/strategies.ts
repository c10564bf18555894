export const strategies = [
  'first',
  'round-robin',
  'random',
  'weighted',
  'least-busy',
  'fastest',
  'cheapest',
  'affinity',
] as const

/** In what order the deployments of a group are tried. */
export type Strategy = (typeof strategies)[number]
