/** What a client key may do. Everything that is not said is not limited. */
export interface ClientRights {
  /** What records call the key, and what everything that is kept for it is kept under. */
  readonly id: string
  /** Names of models, a `*` at the end standing for the rest. Compared with the name that a request's model resolves to. */
  readonly models?: readonly string[] | undefined
  readonly requestsPerMinute?: number | undefined
  /** Prompt and completion together. */
  readonly tokensPerMinute?: number | undefined
  readonly budget?: ClientBudget | undefined
  /** What a limited key may use besides models. */
  readonly allow?: { readonly hostedTools?: boolean | undefined } | undefined
  /** Unix milliseconds. */
  readonly expiresAt?: number | undefined
}

/** Money in USD. Windows are days and months of `timeZone`. */
export interface ClientBudget {
  readonly day?: number | undefined
  readonly month?: number | undefined
  readonly tokensPerDay?: number | undefined
  readonly tokensPerMonth?: number | undefined
  /** An IANA name. Default UTC. */
  readonly timeZone?: string | undefined
}
