import type { CredentialPool } from '@dragoman/core'
import type { Target } from './deployments.ts'
import type { Candidate } from './job.ts'
import type { RoutePlan } from './router.ts'

/**
 * The candidates of a plan that have not been called yet, in its order. Those that are well come first. Most requests are
 * served by the first, so the others are only looked at when something is asked about them.
 */
export class CandidateQueue {
  readonly #plan: Pick<RoutePlan, 'targets' | 'healthy'>
  readonly #candidateOf: (target: Target) => Candidate | undefined
  /** How many of the plan's targets have been looked at. */
  #seen = 0
  #waiting: Candidate[] = []
  #owed = 0

  constructor(plan: Pick<RoutePlan, 'targets' | 'healthy'>, candidateOf: (target: Target) => Candidate | undefined) {
    this.#plan = plan
    this.#candidateOf = candidateOf
    while (this.#waiting.length === 0 && this.#seen < plan.targets.length) this.#look()
  }

  #look(): void {
    const target = this.#plan.targets[this.#seen]
    const candidate = target && this.#candidateOf(target)
    if (candidate) {
      this.#waiting.push(candidate)
      if (this.#seen < this.#plan.healthy) this.#owed++
    }
    this.#seen++
  }

  #lookAtAll(): void {
    while (this.#seen < this.#plan.targets.length) this.#look()
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0 && this.size === 0
  }

  get size(): number {
    this.#lookAtAll()
    return this.#waiting.length
  }

  /** How many of them are well: each of those is owed a call. */
  get owed(): number {
    this.#lookAtAll()
    return this.#owed
  }

  /** The next one, where that is well. */
  get nextWell(): Candidate | undefined {
    return this.owed > 0 ? this.#waiting[0] : undefined
  }

  shift(): Candidate | undefined {
    if (this.#waiting.length === 0) this.#lookAtAll()
    if (this.#owed > 0) this.#owed--
    return this.#waiting.shift()
  }

  /** One that is well has not had its chance after all. */
  putBack(candidate: Candidate): void {
    this.#lookAtAll()
    this.#waiting.unshift(candidate)
    this.#owed++
  }

  /** Leaves aside those that would use these credentials. */
  withhold(pool: CredentialPool): void {
    this.#lookAtAll()
    const isOther = ({ target }: Candidate) => target.entry.credentials !== pool
    this.#owed = this.#waiting.slice(0, this.#owed).filter(isOther).length
    this.#waiting = this.#waiting.filter(isOther)
  }
}

/** The same plan for a client that may not use all of its targets. */
export function planWith(plan: RoutePlan, targets: readonly Target[]): RoutePlan {
  if (targets.length === plan.targets.length) return plan
  const well = new Set(plan.targets.slice(0, plan.healthy))
  return { ...plan, targets, healthy: targets.filter((target) => well.has(target)).length }
}
