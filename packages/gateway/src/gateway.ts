import {
  type ClientRights,
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
import type { EnsureToolCall, ModelGroup, ProviderEntry, Target } from './deployments.ts'
import { type EndpointCall, EndpointJob } from './endpoint-job.ts'
import type { Engine, RunContext } from './engine.ts'
import { type ExplainQuery, type Explanation, explain } from './explain.ts'
import { Health, type SeenTarget } from './health.ts'
import type { Job } from './job.ts'
import { type Limits, mergeLimits, TargetLimits } from './limits.ts'
import { assertNormalize, TargetMarkup } from './markup.ts'
import { listModels, ModelLists } from './model-lists.ts'
import type { SharedCall } from './policies/idempotency-call.ts'
import { KeptAnswers } from './policies/kept-answers.ts'
import { allowedModels } from './policies/limits/allowed-models.ts'
import type { Price } from './pricing/price.ts'
import { Prices } from './pricing/prices.ts'
import { ReasoningMemory } from './reasoning-memory.ts'
import { RequestRun } from './request-run.ts'
import { RetryBudget } from './retry-budget.ts'
import type { RoutePlan } from './router.ts'
import { Routes } from './routes.ts'
import type { Strategy } from './strategies.ts'

export interface GatewayOptions {
  /** In the order in which ties between names are broken. */
  readonly providers: readonly ProviderEntry[]
  readonly models?: readonly ModelGroup[] | undefined
  /** Serves every name that nothing else serves. Without it such a name is `model_not_found`. */
  readonly fallbackName?: string | undefined
  /** For groups that have none of their own, and for names that no group has. Default `first`. */
  readonly defaultStrategy?: Strategy | undefined
  readonly limits?: Partial<Limits> | undefined
  /** How a tool call is insisted on where a deployment or a request asks for it and does not say how. */
  readonly ensureToolCall?: EnsureToolCall | undefined
  /** Called with each request when it is over. Must not block. */
  readonly record?: ((entry: LogEntry) => void) | undefined
  /** Asked about every request whose client has rights of its own. */
  readonly admission?: Admission | undefined
  /** What the tokens of a target cost. Default: its deployment's `price`, else the one of the table. */
  readonly priceOf?: ((target: Target) => Price | undefined) | undefined
  readonly state?: StateStore | undefined
  readonly clock?: Clock | undefined
  /** 0 up to 1, for the jitter of waits. */
  readonly random?: (() => number) | undefined
  /**
   * The one that this one takes the place of, when a configuration changes: what was seen of targets, and what was
   * listed by providers that are the very same, is known to both from now on.
   */
  readonly previous?: Gateway | undefined
}

export type EndpointContext = RunContext & Pick<ChatContext, 'idempotencyKey'>

export interface Gateway {
  /** Rejects with a `DragomanError` while another attempt or a proper status is still possible. */
  chat(request: ChatCompletionRequest, context: ChatContext): Promise<Answer>
  /** A call to an endpoint besides chat, such as embeddings. Rejects as `chat` does. */
  serve(call: EndpointCall, context: EndpointContext): Promise<EndpointResult>
  /** Which targets would serve a name, and why. Undefined where it would be `model_not_found`. */
  plan(model: string, signal: AbortSignal, variant?: string): Promise<RoutePlan | undefined>
  /** Where a request for a name would go now, and why. Undefined where it would be `model_not_found`. */
  explain(model: string, query: ExplainQuery): Promise<Explanation | undefined>
  /** @param rights of a key: only what it may use */
  models(signal: AbortSignal, variant?: string, rights?: ClientRights): Promise<readonly Model[]>
  /** Whether a key may use a model, as far as its name is known without asking providers for their lists. */
  mayUse(model: string, rights: ClientRights, variant?: string): boolean
  /** How the targets are that were called lately: all of them, or the one of this name (`<provider>/<model>`). */
  targets(name?: string): Iterable<SeenTarget>
  /** Those that groups have. */
  readonly variants: ReadonlySet<string>
  /** Chat and models over the whole engine, without HTTP. */
  readonly fetch: FetchLike
  /** What was seen of the targets of these providers is about other ones. */
  forget(providers: ReadonlySet<string>): void
  /** Ends the sockets of all providers. */
  close(): Promise<void>
}

/** What outlives a gateway that is replaced. */
interface Seen {
  readonly providers: readonly ProviderEntry[]
  readonly lists: ModelLists
  readonly health: Health
  readonly retryBudget: RetryBudget
  readonly running: Map<string, SharedCall>
}

const seenBy = new WeakMap<Gateway, Seen>()

/** For plans that no request asks for. */
const nobody = { affinityKey: () => undefined }

/** The whole engine: routes, leases, tries, tries again where that is right, guards the stream, records. */
export function createGateway({ previous, ...options }: GatewayOptions): Gateway {
  const { providers, models: groups = [], clock = systemClock, random = Math.random, fallbackName } = options
  const state = options.state ?? memoryState({ clock })
  const limits = mergeLimits(options.limits)
  // Not one of `options`, which are kept: each gateway would keep all that were before it.
  const before = previous && seenBy.get(previous)
  const lists = new ModelLists(clock, state)
  if (before)
    lists.take(
      before.lists,
      providers.filter((entry) => isAmong(before.providers, entry)),
    )
  const health = before?.health ?? new Health(clock)
  const priceOf = options.priceOf ?? new Prices().of
  const targetLimits = new TargetLimits(limits)
  const retryBudget = before?.retryBudget ?? new RetryBudget(clock)
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
    priceOf,
    meaningOf: (name: string, { variant }: Pick<RunContext, 'variant'>) => routesOf.get(variant)?.meaning(name),
    replan: (name: string, { variant }: Pick<RunContext, 'variant'>, job: Job) =>
      routesOf.get(variant)?.instead(name, job),
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
    ensureToolCall: options.ensureToolCall,
  }
  const variants = new Map(
    [undefined, ...groups.map((group) => group.variant)].map((variant) => [variant, groupsOf(groups, variant)]),
  )
  const turns = new Map<ModelGroup, number>()
  const rules = { defaultStrategy: options.defaultStrategy ?? 'first', price: priceOf }
  const routesOf = new Map(
    [...variants].map(([variant, groups]) => {
      const names = { groups, providers, fallbackName, variants }
      return [variant, new Routes({ ...rules, names, lists, health, clock, random, turns })]
    }),
  )
  const planned = (job: Job, { variant }: Pick<RunContext, 'variant'>, signal: () => AbortSignal) => {
    const routes = routesOf.get(variant)
    return routes?.known(job.model, job) ?? routes?.plan(job.model, job, signal())
  }

  const chat = (request: ChatCompletionRequest, context: ChatContext, engine: Engine) => {
    const job = new ChatJob(request, context, tools)
    const run = new RequestRun(job, context, engine)
    return run.answer(() => planned(job, context, () => run.signal))
  }
  const serve = (call: EndpointCall, context: RunContext, engine: Engine) => {
    const job = new EndpointJob(call)
    const run = new RequestRun(job, context, engine)
    return run.serve(
      () => planned(job, context, () => run.signal),
      () => job.answer,
    )
  }
  const keepsAnswers = groups.some(({ cache }) => cache !== undefined)
  const running = before?.running ?? new Map<string, SharedCall>()
  const kept = new KeptAnswers({
    engine,
    running,
    chat,
    serve,
    async find(model, { variant }, signal) {
      const routes = routesOf.get(variant)
      const route = await routes?.find(model, signal)
      if (!routes || !route) return undefined
      const { name, group } = route.meaning
      return { name, caching: group?.cache, plan: () => routes.seen(route, nobody) }
    },
  })

  const gateway: Gateway = {
    chat(request, context) {
      if (context.idempotencyKey !== undefined) return kept.chatOnce(request, context)
      if (keepsAnswers || context.cache === 'on') return kept.chat(request, context)
      return chat(request, context, engine)
    },
    serve(call, context) {
      if (context.idempotencyKey !== undefined) return kept.serveOnce(call, context)
      return serve(call, context, engine)
    },
    async plan(model, signal, variant) {
      const routes = routesOf.get(variant)
      const route = await routes?.find(model, signal)
      return route && routes?.seen(route, nobody)
    },
    explain: (model, query) =>
      explain(model, routesOf.get(query.variant), query, {
        clock,
        health,
        price: priceOf,
        targetMarkup: tools.targetMarkup,
      }),
    targets: (name) => health.seen(name),
    variants: new Set(groups.flatMap(({ variant }) => variant ?? [])),
    async models(signal, variant, rights) {
      const models = listModels(
        groupsOf(groups, variant).flatMap(({ name, aliases = [] }) => [name, ...aliases]),
        providers,
        await lists.read(providers, signal),
      )
      return rights?.models ? models.filter(({ id }) => gateway.mayUse(id, rights, variant)) : models
    },
    mayUse(model, rights, variant) {
      const allowed = allowedModels(rights)
      if (!allowed) return true
      const resolve = (name: string) => engine.meaningOf(name, { variant })
      const meaning = resolve(model)
      return meaning !== undefined && allowed.has(meaning, resolve)
    },
    fetch: chatFetch({
      chat: (request, signal, body) => gateway.chat(request, { signal, body }),
      models: (signal) => gateway.models(signal),
    }),
    forget: (ids) => health.forget((target) => ids.has(target.slice(0, target.indexOf('/')))),
    async close() {
      await Promise.all([...new Set(entries.map(({ provider }) => provider))].map((provider) => provider.close()))
    },
  }
  seenBy.set(gateway, { providers, lists, health, retryBudget, running })
  return gateway
}

function isAmong(entries: readonly ProviderEntry[], { id, provider, credentials }: ProviderEntry): boolean {
  return entries.some((entry) => entry.id === id && entry.provider === provider && entry.credentials === credentials)
}

/** The groups that requests for a variant can name: its own, and of the others those that it does not replace. */
function groupsOf(groups: readonly ModelGroup[], variant: string | undefined): readonly ModelGroup[] {
  const own = groups.filter((group) => group.variant !== undefined && group.variant === variant)
  const names = new Set(own.map(({ name }) => name))
  return [...own, ...groups.filter((group) => group.variant === undefined && !names.has(group.name))]
}
