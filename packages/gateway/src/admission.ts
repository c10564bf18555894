import type { ClientRights, Endpoint, LogEntry } from '@dragoman/core'
import type { ChatCompletionRequest } from '@dragoman/openai-schema'
import { maxContinuations, mayBeContinued } from './continuation.ts'
import type { Target } from './deployments.ts'
import type { Engine, RunContext } from './engine.ts'
import { mayRunTwice } from './hedge.ts'
import type { Job } from './job.ts'
import type { Meaning } from './names.ts'
import type { Price } from './pricing/price.ts'
import type { RoutePlan } from './router.ts'

/** A request whose plan is known and of which nothing has been sent yet. */
export interface AdmissionQuery {
  readonly rights: ClientRights
  /** The name asked for, and what it means. */
  readonly asked: string
  readonly plan: Pick<RoutePlan, 'name' | 'resolvedBy' | 'targets' | 'group'>
  /** Calls that may be paid for, at the most: a tool call may be insisted on, a call hedged, a cut text gone on with. */
  readonly calls: number
  /** Undefined for endpoints besides chat. */
  readonly chat: ChatCompletionRequest | undefined
  /** Undefined for chat. */
  readonly endpoint?: Endpoint | undefined
  /** The body that the client sent, parsed, in its own dialect; undefined where it is a form. */
  readonly body?: unknown
  /** What another name would mean, as far as it is known without asking providers for their lists. */
  resolve(name: string): Pick<Meaning, 'name' | 'resolvedBy' | 'targets' | 'group'> | undefined
  priceOf(target: Target): Price | undefined
}

/** The right to make one request. */
export interface Admitted {
  /** The targets of the plan that the client may use, in its order. */
  readonly targets: readonly Target[]
  /** Of targets that are to stand in for those, the ones that the client may use. Default: all. */
  permitted?(targets: readonly Target[]): readonly Target[]
  /** What it came to. Called once. */
  settle(entry: LogEntry): void
}

/** Says whether a client may make a request, before anything is sent, and learns what came of it. */
export interface Admission {
  /**
   * Throws or rejects with a `DragomanError`: `permission_denied` (403), `rate_limit_exceeded` or `insufficient_quota`
   * (429, with `retryAfterMs`). Synchronous where it can be.
   */
  admit(query: AdmissionQuery): Admitted | Promise<Admitted>
}

/** Asks for one request. Undefined where there is nobody to ask, or the client has no rights of its own. */
export function askAdmission(
  { admission, priceOf, meaningOf }: Pick<Engine, 'admission' | 'priceOf' | 'meaningOf'>,
  context: Pick<RunContext, 'rights' | 'variant' | 'relayOnly'>,
  job: AskingJob,
  plan: AdmissionQuery['plan'],
): Admitted | Promise<Admitted> | undefined {
  const { rights } = context
  if (!rights || !admission) return undefined
  const { model, chat, endpoint, parsed } = job
  const resolve = (name: string) => meaningOf(name, context)
  const calls = mostCalls(job, plan, context)
  return admission.admit({ rights, asked: model, plan, calls, chat, endpoint, body: parsed, resolve, priceOf })
}

type AskingJob = Pick<Job, 'model' | 'chat' | 'endpoint' | 'parsed' | 'callsAt'>

function mostCalls(
  job: AskingJob,
  { targets, group }: AdmissionQuery['plan'],
  context: Pick<RunContext, 'relayOnly'>,
): number {
  let calls = 1
  if (job.callsAt) for (const target of targets) calls = Math.max(calls, job.callsAt(target))
  if (group?.hedgeAfterMs !== undefined && mayRunTwice(job.chat, context)) calls++
  if (group?.continuesCutText && mayBeContinued(job.chat, context)) calls += maxContinuations
  return calls
}
