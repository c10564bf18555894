import type { CallLimits } from '@dragoman/core'
import type { ProviderEntry, Target } from './deployments.ts'

/** Bounds of a request. A deployment's beat its provider's, and those beat the gateway's. */
export interface Limits extends CallLimits {
  /** From the start of an attempt to the first output of the model: content, reasoning or a call. */
  readonly firstTokenMs: number
  /** Between two reads of the upstream. Chunks may be apart five times as long, if bytes keep coming. */
  readonly idleMs: number
  /** Of the whole request, all attempts together. */
  readonly totalMs: number
  /** Silence towards a streaming client before a heartbeat is sent. */
  readonly heartbeatMs: number
  /** Calls to upstreams for one request; never fewer than there are healthy targets. */
  readonly attempts: number
}

export const defaultLimits: Limits = {
  firstTokenMs: 120_000,
  idleMs: 120_000,
  totalMs: 3_600_000,
  heartbeatMs: 15_000,
  attempts: 3,
}

/** The first that sets a limit wins. */
export function mergeLimits(...layers: readonly (Partial<Limits> | undefined)[]): Limits {
  const merged: Record<string, number | undefined> = { ...defaultLimits }
  for (const layer of layers.toReversed()) {
    for (const [name, value] of Object.entries(layer ?? {})) if (value !== undefined) merged[name] = value
  }
  return merged as unknown as Limits // every required one is in the defaults
}

/** The limits of each target, merged once: every attempt asks for them. */
export class TargetLimits {
  readonly #own: Limits
  readonly #merged = new WeakMap<ProviderEntry, Map<Partial<Limits> | undefined, Limits>>()

  constructor(own: Limits) {
    this.#own = own
  }

  of({ limits, entry }: Target): Limits {
    let ofEntry = this.#merged.get(entry)
    if (!ofEntry) {
      ofEntry = new Map()
      this.#merged.set(entry, ofEntry)
    }
    let merged = ofEntry.get(limits)
    if (!merged) {
      merged = mergeLimits(limits, entry.limits, this.#own)
      ofEntry.set(limits, merged)
    }
    return merged
  }
}
