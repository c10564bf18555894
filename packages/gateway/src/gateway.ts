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
import type { Admission } from './admission.ts'
import type { Answer, ChatContext, EndpointResult } from './answer.ts'
import { ChatJob } from './chat-job.ts'
import type { ModelGroup, ProviderEntry } from './deployments.ts'
import { type EndpointCall, EndpointJob } from './endpoint-job.ts'
import { Health } from './health.ts'
import { type Limits, mergeLimits, TargetLimits } from './limits.ts'
import { assertNormalize, TargetMarkup } from './markup.ts'
import { listModels, ModelLists } from './model-lists.ts'
import { ReasoningMemory } from './reasoning-memory.ts'
import { RequestRun, type RunContext } from './request-run.ts'
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
  /** Asked about every request whose client has rights of its own. */
  readonly admission?: Admission | undefined
  readonly state?: StateStore | undefined
  readonly clock?: Clock | undefined
  /** 0 up to 1, for the jitter of waits. */
  readonly random?: (() => number) | undefined
}

export interface Gateway {
  /** Rejects with a `DragomanError` while another attempt or a proper status is still possible. */
  chat(request: ChatCompletionRequest, context: ChatContext): Promise<Answer>
  /** A call to an endpoint besides chat, such as embeddings. Rejects as `chat` does. */
  serve(call: EndpointCall, context: RunContext): Promise<EndpointResult>
  /** Which targets would serve a name, and why. Undefined where it would be `model_not_found`. */
  plan(model: string, signal: AbortSignal, variant?: string): Promise<RoutePlan | undefined>
  models(signal: AbortSignal, variant?: string): Promise<readonly Model[]>
  /** Those that groups have. */
  readonly variants: ReadonlySet<string>
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
  const retryBudget = new RetryBudget(clock)
  const engine = {
    clock,
    random,
    state,
    limits,
    targetLimits,
    health,
    retryBudget,
    record: options.record,
    admission: options.admission,
  }

  for (const { normalize } of [...providers, ...groups.flatMap(({ deployments }) => deployments)]) {
    assertNormalize(normalize)
  }
  const entries = [...providers, ...groups.flatMap(({ deployments }) => deployments.map(({ entry }) => entry))]
  const wantsReasoning = entries.some(({ provider }) => provider.wantsReasoning)
  const tools = {
    clock,
    targetMarkup: new TargetMarkup(),
    reasoning: wantsReasoning ? new ReasoningMemory(state) : undefined,
  }
  const routesOf = new Map<string | undefined, Routes>()
  for (const variant of [undefined, ...groups.map((group) => group.variant)]) {
    const names = { groups: groupsOf(groups, variant), providers, fallbackName }
    if (!routesOf.has(variant)) routesOf.set(variant, new Routes(names, lists, health, clock))
  }
  const planned = (model: string, { variant }: Pick<RunContext, 'variant'>, signal: () => AbortSignal) => {
    const routes = routesOf.get(variant)
    return routes?.known(model) ?? routes?.plan(model, signal())
  }

  const gateway: Gateway = {
    chat(request, context) {
      const run = new RequestRun(new ChatJob(request, context, tools), context, engine)
      return run.answer(() => planned(request.model, context, () => run.signal))
    },
    serve(call, context) {
      const job = new EndpointJob(call)
      const run = new RequestRun(job, context, engine)
      return run.serve(
        () => planned(call.model, context, () => run.signal),
        () => job.answer,
      )
    },
    plan: async (model, signal, variant) => routesOf.get(variant)?.plan(model, signal),
    variants: new Set(groups.flatMap(({ variant }) => variant ?? [])),
    async models(signal, variant) {
      return listModels(
        groupsOf(groups, variant).map(({ name }) => name),
        providers,
        await lists.read(providers, signal),
      )
    },
    fetch: chatFetch({
      chat: (request, signal, body) => gateway.chat(request, { signal, body }),
      models: (signal) => gateway.models(signal),
    }),
    async close() {
      await Promise.all([...new Set(entries.map(({ provider }) => provider))].map((provider) => provider.close()))
    },
  }
  return gateway
}

/** The groups that requests for a variant can name: its own, and of the others those that it does not replace. */
function groupsOf(groups: readonly ModelGroup[], variant: string | undefined): readonly ModelGroup[] {
  const own = groups.filter((group) => group.variant !== undefined && group.variant === variant)
  const names = new Set(own.map(({ name }) => name))
  return [...own, ...groups.filter((group) => group.variant === undefined && !names.has(group.name))]
}
