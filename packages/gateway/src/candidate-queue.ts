import type { CredentialPool } from '@dragoman/core'
import type { Target } from './deployments.ts'
import type { Candidate } from './job.ts'
import type { RoutePlan } from './router.ts'

/** The candidates of a plan that have not been called yet, in its order. Those that are well come first. */
export class CandidateQueue {
  #waiting: Candidate[]
  #owed: number

  constructor(plan: Pick<RoutePlan, 'targets' | 'healthy'>, candidates: Candidate[]) {
    this.#waiting = candidates
    this.#owed = wellOf(plan, candidates)
  }

  get size(): number {
    return this.#waiting.length
  }

  /** How many of them are well: each of those is owed a call. */
  get owed(): number {
    return this.#owed
  }

  /** The next one, where that is well. */
  get nextWell(): Candidate | undefined {
    return this.#owed > 0 ? this.#waiting[0] : undefined
  }

  shift(): Candidate | undefined {
    if (this.#owed > 0) this.#owed--
    return this.#waiting.shift()
  }

  /** One that is well has not had its chance after all. */
  putBack(candidate: Candidate): void {
    this.#waiting.unshift(candidate)
    this.#owed++
  }

  /** Leaves aside those that would use these credentials. */
  withhold(pool: CredentialPool): void {
    const isOther = ({ target }: Candidate) => target.entry.credentials !== pool
    this.#owed = this.#waiting.slice(0, this.#owed).filter(isOther).length
    this.#waiting = this.#waiting.filter(isOther)
  }
}

/** The candidates stand in the order of the plan, and some of its targets may be missing. */
function wellOf(
  { targets, healthy }: Pick<RoutePlan, 'targets' | 'healthy'>,
  candidates: readonly Candidate[],
): number {
  if (candidates.length === targets.length || healthy === targets.length) return Math.min(healthy, candidates.length)
  const well = new Set(targets.slice(0, healthy))
  return candidates.filter(({ target }) => well.has(target)).length
}

/** The same plan for a client that may not use all of its targets. */
export function planWith(plan: RoutePlan, targets: readonly Target[]): RoutePlan {
  if (targets.length === plan.targets.length) return plan
  const well = new Set(plan.targets.slice(0, plan.healthy))
  return { ...plan, targets, healthy: targets.filter((target) => well.has(target)).length }
}
