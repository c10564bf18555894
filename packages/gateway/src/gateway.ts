import {
  type Clock,
  chatFetch,
  type FetchLike,
  type LogEntry,
  memoryState,
  type StateStore,
  systemClock,
} from '@dragoman/core'
import type { ChatCompletionRequest, Model } from '@dragoman/openai-schema'
import type { Answer, ChatContext } from './answer.ts'
import type { ModelGroup, ProviderEntry } from './deployments.ts'
import { Health } from './health.ts'
import { type Limits, mergeLimits, TargetLimits } from './limits.ts'
import { assertNormalize, TargetMarkup } from './markup.ts'
import { listModels, ModelLists } from './model-lists.ts'
import { RequestRun } from './request-run.ts'
import { RetryBudget } from './retry-budget.ts'
import type { RoutePlan } from './router.ts'
import { Routes } from './routes.ts'

export interface GatewayOptions {
  /** In the order in which ties between names are broken. */
  readonly providers: readonly ProviderEntry[]
  readonly models?: readonly ModelGroup[] | undefined
  /** Serves every name that nothing else serves. Without it such a name is `model_not_found`. */
  readonly fallbackName?: string | undefined
  readonly limits?: Partial<Limits> | undefined
  /** Called with each request when it is over. Must not block. */
  readonly record?: ((entry: LogEntry) => void) | undefined
  readonly state?: StateStore | undefined
  readonly clock?: Clock | undefined
  /** 0 up to 1, for the jitter of waits. */
  readonly random?: (() => number) | undefined
}

export interface Gateway {
  /** Rejects with a `DragomanError` while another attempt or a proper status is still possible. */
  chat(request: ChatCompletionRequest, context: ChatContext): Promise<Answer>
  /** Which targets would serve a name, and why. Undefined where it would be `model_not_found`. */
  plan(model: string, signal: AbortSignal): Promise<RoutePlan | undefined>
  models(signal: AbortSignal): Promise<readonly Model[]>
  /** Chat and models over the whole engine, without HTTP. */
  readonly fetch: FetchLike
  /** Ends the sockets of all providers. */
  close(): Promise<void>
}

/** The whole engine: routes, leases, tries, tries again where that is right, guards the stream, records. */
export function createGateway(options: GatewayOptions): Gateway {
  const { providers, models: groups = [], clock = systemClock, random = Math.random, fallbackName } = options
  const state = options.state ?? memoryState({ clock })
  const limits = mergeLimits(options.limits)
  const lists = new ModelLists(clock, state)
  const health = new Health()
  const targetLimits = new TargetLimits(limits)
  const targetMarkup = new TargetMarkup()
  const retryBudget = new RetryBudget(clock)
  const engine = {
    clock,
    random,
    state,
    limits,
    targetLimits,
    targetMarkup,
    health,
    retryBudget,
    record: options.record,
  }

  for (const { normalize } of [...providers, ...groups.flatMap(({ deployments }) => deployments)]) {
    assertNormalize(normalize)
  }
  const routes = new Routes({ groups, providers, fallbackName }, lists, health, clock)

  const gateway: Gateway = {
    chat(request, context) {
      const run = new RequestRun(request, context, engine)
      return run.answer(() => routes.known(request.model) ?? routes.plan(request.model, run.signal))
    },
    plan: (model, signal) => routes.plan(model, signal),
    async models(signal) {
      return listModels(
        groups.map(({ name }) => name),
        providers,
        await lists.read(providers, signal),
      )
    },
    fetch: chatFetch({
      chat: (request, signal, body) => gateway.chat(request, { signal, body }),
      models: (signal) => gateway.models(signal),
    }),
    async close() {
      const entries = [...providers, ...groups.flatMap(({ deployments }) => deployments.map(({ entry }) => entry))]
      await Promise.all([...new Set(entries.map(({ provider }) => provider))].map((provider) => provider.close()))
    },
  }
  return gateway
}
