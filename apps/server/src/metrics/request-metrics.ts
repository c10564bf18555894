import type { AttemptEntry, LogEntry } from '@dragoman/core'
import { ModelLabels, type NamedGroup } from './model-labels.ts'
import { Counter, type CounterSeries, type Family, Histogram, type HistogramSeries } from './registry.ts'

/** Seconds. A model may answer in a tenth of one, and think for an hour. */
const durationBounds = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300, 600, 1_800]
const firstTokenBounds = [0.05, 0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 5, 7.5, 10, 20, 30, 60, 120]

const target = ['provider', 'target']

/** What is counted for each target, found once. */
interface TargetSeries {
  readonly ok: CounterSeries
  readonly prompt: CounterSeries
  readonly cached: CounterSeries
  readonly written: CounterSeries
  readonly completion: CounterSeries
  readonly reasoning: CounterSeries
  readonly cost: CounterSeries
}

/** What is counted for each model group and the provider that served it, found once. */
interface ServedSeries {
  readonly duration: HistogramSeries
  readonly firstToken: HistogramSeries
}

/** Counts requests when they are over. */
export class RequestMetrics {
  readonly #labels = new ModelLabels()
  readonly #byTarget = new Map<string, Map<string, TargetSeries>>()
  readonly #byServed = new Map<string, Map<string, ServedSeries>>()

  readonly #requests = new Counter({
    name: 'dragoman_requests_total',
    help: 'Requests that reached the gateway and are over. code is empty where they succeeded.',
    labels: ['dialect', 'model', 'provider', 'status', 'code'],
  })
  readonly #duration = new Histogram(
    {
      name: 'dragoman_request_duration_seconds',
      help: 'From the arrival of a request to the end of its answer.',
      labels: ['model', 'provider'],
    },
    durationBounds,
  )
  readonly #firstToken = new Histogram(
    {
      name: 'dragoman_first_token_seconds',
      help: 'From the arrival of a request to the first output of a model.',
      labels: ['model', 'provider'],
    },
    firstTokenBounds,
  )
  readonly #attempts = new Counter({
    name: 'dragoman_attempts_total',
    help: 'Calls to upstreams. outcome is ok or the code of an error.',
    labels: [...target, 'outcome'],
  })
  readonly #tokens = new Counter({
    name: 'dragoman_tokens_total',
    help: 'Tokens of all calls by kind: cached and written are parts of prompt, reasoning is a part of completion.',
    labels: [...target, 'kind'],
  })
  readonly #cost = new Counter({
    name: 'dragoman_cost_usd_total',
    help: 'What calls cost in US dollars, where the price is known.',
    labels: target,
  })
  readonly #retries = new Counter({
    name: 'dragoman_retries_total',
    help: 'Calls after one that had failed, hedges and continuations left out.',
    labels: ['model'],
  })
  readonly #hedges = new Counter({
    name: 'dragoman_hedges_total',
    help: 'Second calls that were made while the first was still awaited.',
    labels: ['model'],
  })
  readonly #continuations = new Counter({
    name: 'dragoman_continuations_total',
    help: 'Calls that went on with a text that had been cut.',
    labels: ['model'],
  })
  readonly #fallbacks = new Counter({
    name: 'dragoman_fallbacks_total',
    help: 'Requests for which another model group was called than the one that was asked for.',
    labels: ['model'],
  })
  readonly #kept = new Counter({
    name: 'dragoman_kept_answers_total',
    help: 'Requests that were answered without a call: from the cache, or as another one with its idempotency key.',
    labels: ['model', 'by'],
  })
  readonly #rounds = new Counter({
    name: 'dragoman_tool_call_rounds_total',
    help: 'Calls that were made again because a tool call was insisted on.',
    labels: ['model'],
  })
  readonly #exhausted = new Counter({
    name: 'dragoman_tool_calls_exhausted_total',
    help: 'Answers without the tool call that was insisted on.',
    labels: ['model'],
  })

  /** What the configuration that serves from now on names. */
  configure(groups: readonly NamedGroup[], providers: readonly string[]): void {
    this.#labels.configure(groups, providers)
  }

  add(entry: LogEntry): void {
    const { attempts, error, answeredBy } = entry
    const last = attempts[attempts.length - 1]
    const provider = last?.provider ?? ''
    const model = this.#labels.ofRequest(entry, last)
    this.#requests.of(entry.dialect, model, provider, classOf(entry.status), error?.code).add(1)
    const served = this.#served(model, provider)
    served.duration.observe(Math.max(0, entry.durationMs) / 1_000)
    if (entry.firstTokenMs !== undefined) served.firstToken.observe(Math.max(0, entry.firstTokenMs) / 1_000)
    if (answeredBy !== undefined) this.#kept.of(model, answeredBy).add(1)
    for (const attempt of attempts) this.#addAttempt(attempt, attempt === last ? entry : undefined)
    // Nearly all requests are over with one call.
    if (attempts.length > 1) this.#addTries(model, attempts)
    else if (last?.fallback !== undefined) this.#fallbacks.of(model).add(1)
    if (last?.rounds !== undefined) this.#addRounds(model, attempts)
  }

  get families(): readonly Family[] {
    return [
      this.#requests,
      this.#duration,
      this.#firstToken,
      this.#attempts,
      this.#tokens,
      this.#cost,
      this.#retries,
      this.#hedges,
      this.#continuations,
      this.#fallbacks,
      this.#kept,
      this.#rounds,
      this.#exhausted,
    ]
  }

  /** @param ended the whole request, where it ended with this call: then a break in the answer is this call's */
  #addAttempt(attempt: AttemptEntry, ended: LogEntry | undefined): void {
    const { provider, cost } = attempt
    const name = this.#labels.ofTarget(attempt)
    const series = this.#target(provider, name)
    const error = attempt.error ?? ended?.error
    if (error) this.#attempts.of(provider, name, error.code).add(1)
    else series.ok.add(1)
    if (cost !== undefined) series.cost.add(cost)
    const usage = attempt.usage ?? ended?.usage
    if (!usage) return
    series.prompt.add(usage.prompt_tokens)
    series.completion.add(usage.completion_tokens)
    const { prompt_tokens_details: prompt, completion_tokens_details: completion } = usage
    if (prompt) {
      series.cached.add(prompt.cached_tokens ?? 0)
      series.written.add(prompt.cache_write_tokens ?? 0)
    }
    if (completion) series.reasoning.add(completion.reasoning_tokens ?? 0)
  }

  #addTries(model: string, attempts: readonly AttemptEntry[]): void {
    let hasFallback = false
    for (const [at, { hedge, continues, fallback }] of attempts.entries()) {
      hasFallback ||= fallback !== undefined
      if (hedge) this.#hedges.of(model).add(1)
      else if (continues) this.#continuations.of(model).add(1)
      else if (at > 0) this.#retries.of(model).add(1)
    }
    if (hasFallback) this.#fallbacks.of(model).add(1)
  }

  #addRounds(model: string, attempts: readonly AttemptEntry[]): void {
    for (const { rounds = 0, toolEnforcement } of attempts) {
      // The first is the call that would have been made anyway.
      if (rounds > 1) this.#rounds.of(model).add(rounds - 1)
      if (toolEnforcement === 'exhausted') this.#exhausted.of(model).add(1)
    }
  }

  #target(provider: string, name: string): TargetSeries {
    const targets = this.#byTarget.get(provider) ?? added(this.#byTarget, provider, new Map())
    const known = targets.get(name)
    if (known) return known
    const tokens = (kind: string) => this.#tokens.of(provider, name, kind)
    return added(targets, name, {
      ok: this.#attempts.of(provider, name, 'ok'),
      prompt: tokens('prompt'),
      cached: tokens('cached'),
      written: tokens('written'),
      completion: tokens('completion'),
      reasoning: tokens('reasoning'),
      cost: this.#cost.of(provider, name),
    })
  }

  #served(model: string, provider: string): ServedSeries {
    const providers = this.#byServed.get(model) ?? added(this.#byServed, model, new Map())
    const known = providers.get(provider)
    if (known) return known
    return added(providers, provider, {
      duration: this.#duration.of(model, provider),
      firstToken: this.#firstToken.of(model, provider),
    })
  }
}

function added<V>(to: Map<string, V>, name: string, value: V): V {
  to.set(name, value)
  return value
}

const classes = ['', '1xx', '2xx', '3xx', '4xx', '5xx']

function classOf(status: number): string {
  return classes[Math.floor(status / 100)] ?? 'other'
}
