/** What tokens cost, in USD for a million. */
export interface Price {
  readonly input: number
  readonly output: number
  /** Tokens of the prompt that were read from the service's cache. Default: as `input`. */
  readonly cacheRead?: number | undefined
  /** Tokens of the prompt that were written to it. Default: as `input`. */
  readonly cacheWrite?: number | undefined
  /** The same where they are kept for an hour. Default: as `cacheWrite`. */
  readonly cacheWrite1h?: number | undefined
  /** Default: as `output`. */
  readonly reasoning?: number | undefined
  /** Tokens of sound in the prompt. Default: as `input`. */
  readonly audioInput?: number | undefined
  /** Tokens of sound in the answer. Default: as `output`. */
  readonly audioOutput?: number | undefined
  /** An image that was made, in USD each. */
  readonly image?: number | undefined
  /** For the whole of a call whose prompt has more than `above` tokens; the highest `above` that is passed counts. */
  readonly tiers?: readonly PriceTier[] | undefined
}

/** What is left out is as it is without the tier. */
export type PriceTier = { readonly above: number } & {
  readonly [Rate in keyof Omit<Price, 'tiers' | 'image'>]?: number | undefined
}
