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
  /** An image that was made, in USD each. */
  readonly image?: number | undefined
  /** For prompts of more than `above` tokens these hold instead; the highest `above` that is passed counts. */
  readonly tiers?: readonly (Omit<Partial<Price>, 'tiers'> & { readonly above: number })[] | undefined
}
