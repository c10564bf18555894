import type { Clock, LogEntry, StateStore } from '@dragoman/core'
import type { Admission } from './admission.ts'
import type { ChatContext } from './answer.ts'
import type { Target } from './deployments.ts'
import type { Health } from './health.ts'
import type { Job } from './job.ts'
import type { Limits, TargetLimits } from './limits.ts'
import type { Meaning } from './names.ts'
import type { Price } from './pricing/price.ts'
import type { RetryBudget } from './retry-budget.ts'
import type { RoutePlan } from './router.ts'

/** What all requests of a gateway share. */
export interface Engine {
  readonly clock: Clock
  readonly random: () => number
  readonly state: StateStore
  readonly limits: Limits
  readonly targetLimits: TargetLimits
  readonly health: Health
  readonly retryBudget: RetryBudget
  readonly record: ((entry: LogEntry) => void) | undefined
  readonly admission: Admission | undefined
  /** What the tokens of a target cost, where that is known. */
  readonly priceOf: (target: Target) => Price | undefined
  /** What a name means to this request, as far as it can be said without reading lists. */
  readonly meaningOf: (name: string, context: Pick<RunContext, 'variant'>) => Meaning | undefined
  /** Where a request goes on under another name of the configuration. */
  readonly replan: (name: string, context: Pick<RunContext, 'variant'>, job: Job) => RoutePlan | undefined
}

/** What a run of any kind needs of its context. */
export type RunContext = Pick<
  ChatContext,
  'signal' | 'client' | 'rights' | 'variant' | 'requestId' | 'attempted' | 'relayOnly'
>
