import type { CallerSignal, LogEntry } from '@dragoman/core'
import type { ChatCompletionRequest } from '@dragoman/openai-schema'
import type { Admission } from './admission.ts'
import type { Answer } from './answer.ts'
import { createGateway } from './gateway.ts'
import type { RoutePlan } from './router.ts'
import type { Strategy } from './strategies.ts'
import { EventClock } from './test-event-clock.ts'
import { seeded } from './test-routing.ts'
import { type SimulatedService, simulatedService, type Weather } from './test-simulated-service.ts'

export interface SimulationOptions {
  readonly strategy: Strategy
  readonly requests: number
  readonly seed?: number | undefined
  /** Default 3. */
  readonly attempts?: number | undefined
  readonly hedgeAfterMs?: number | undefined
  readonly continuesCutText?: boolean | undefined
}

export interface PhaseFigures {
  readonly name: string
  requests: number
  served: number
  calls: number
  /** Calls to a target that had just failed. */
  repeats: number
  hedges: number
  /** The most calls for one request. */
  mostCalls: number
  /** Requests that ended with an error before the client had content, by its code. */
  readonly failed: Map<string, number>
  /** Those that broke after it. */
  cut: number
  /** Those whose client left. */
  left: number
}

export interface SimulationResult {
  readonly phases: readonly PhaseFigures[]
  /** Requests that failed before their content commit though a healthy target of their plan had not been tried. */
  readonly unfair: readonly string[]
  /** Repeats among the calls of a minute, in the worst one in which ten calls or more failed. */
  readonly worstRepeats: number
  /** Second calls among all. */
  readonly hedges: number
  /** The part of the conversations of calm phases that each target had, the smallest one first. */
  readonly shares: readonly number[]
  /** Leases that were not given back. */
  readonly inFlight: number
  readonly pendingTimers: number
  /** How long all of it took by the simulated clock. */
  readonly elapsedMs: number
}

interface Phase {
  readonly name: string
  /** Of all requests. */
  readonly part: number
  weather(service: number): Weather
}

const fine: Weather = {}
const down: Weather = { isDown: true }

const phases: readonly Phase[] = [
  { name: 'calm', part: 0.2, weather: () => fine },
  { name: 'one down', part: 0.08, weather: (service) => (service === 0 ? down : fine) },
  { name: 'two down', part: 0.08, weather: (service) => (service < 2 ? down : fine) },
  { name: 'recovery', part: 0.06, weather: () => fine },
  { name: 'storm of 429', part: 0.12, weather: () => ({ limited: { part: 0.3, mostMs: 5_000 } }) },
  { name: 'slow tails', part: 0.08, weather: () => ({ slow: 0.1 }) },
  { name: 'cuts', part: 0.08, weather: () => ({ cut: 0.1 }) },
  { name: 'all but one down', part: 0.06, weather: (service) => (service !== 3 ? down : fine) },
  { name: 'all down', part: 0.14, weather: () => down },
  { name: 'calm again', part: 0.1, weather: () => fine },
]

const services = 5
const keysOfEach = 4
const firstTokenMs = [300, 400, 500, 600, 700]
const limits = { firstTokenMs: 8_000, idleMs: 5_000, totalMs: 60_000 }
/** For all requests to come, however many they are. */
const wholeMs = 300_000
const conversations = 400
/** One of so many clients does not wait for the end. */
const leaving = 50

/** Requests over five services, in all weathers, with a clock that jumps and nothing left to chance but by its seed. */
export async function simulate(options: SimulationOptions): Promise<SimulationResult> {
  const { strategy, requests, seed = 1, attempts = 3, hedgeAfterMs, continuesCutText } = options
  const clock = new EventClock()
  const random = seeded(seed)
  let phase = -1
  const weather = (service: number) => phases[phase]?.weather(service) ?? fine
  const made = Array.from({ length: services }, (_, at) =>
    simulatedService({
      id: `s${at}`,
      keys: keysOfEach,
      clock,
      random: seeded(seed * 100 + at),
      firstTokenMs: firstTokenMs[at] ?? 500,
      weather: () => weather(at),
    }),
  )
  const run = new Tally(made)
  const gateway = createGateway({
    providers: made.map(({ entry }) => entry),
    models: [
      {
        name: 'm',
        strategy,
        hedgeAfterMs,
        continuesCutText,
        deployments: made.map(({ entry }) => ({ entry, model: 'up' })),
      },
    ],
    clock,
    random,
    limits: { ...limits, attempts },
    admission: run,
    record: (entry) => run.recorded(entry),
  })

  let sent = 0
  const arrive = () => {
    const share = sent / requests
    let reached = -1
    for (let sum = 0; sum <= share; sum += phases[reached]?.part ?? 1) reached++
    phase = Math.min(reached, phases.length - 1)
    const id = String(sent++)
    const client = new Client()
    const conversation = `c${Math.floor(random() * conversations)}`
    const isStreamed = random() < 0.7
    run.begin(id, { phase, signal: client, conversation })
    const request: ChatCompletionRequest = {
      model: 'm',
      messages: [{ role: 'user', content: 'Tell me how answers are given' }],
      stream: isStreamed,
    }
    const context = { signal: client, requestId: id, session: conversation, rights: { id } }
    gateway.chat(request, context).then(read, () => {})
    if (sent % leaving === 0) clock.schedule(() => client.leave(), 600 * random())
    if (sent < requests) clock.schedule(arrive, (-Math.log(1 - random()) * wholeMs) / requests)
  }
  clock.schedule(arrive, 0)
  await clock.run()
  return run.result(clock)
}

async function read(answer: Answer): Promise<void> {
  if (answer.kind !== 'chunks') return
  try {
    for await (const _ of answer.chunks);
  } catch {
    // It is in the record.
  }
}

/** A client that may leave. */
class Client implements CallerSignal {
  #listener: (() => void) | undefined
  aborted = false
  reason: unknown

  addEventListener(_type: 'abort', listener: () => void): void {
    this.#listener = listener
  }

  removeEventListener(): void {
    this.#listener = undefined
  }

  leave(): void {
    this.aborted = true
    this.reason = new Error('left')
    this.#listener?.()
  }
}

interface Begun {
  readonly phase: number
  readonly signal: object
  readonly conversation: string
  plan?: RoutePlan
}

/** Sees the plan of every request by way of its admission, and its end by way of its record. */
class Tally implements Admission {
  readonly #services: readonly SimulatedService[]
  readonly #figures: PhaseFigures[]
  readonly #begun = new Map<string, Begun>()
  readonly #unfair: string[] = []
  readonly #calls: CallSeen[] = []
  readonly #homes = new Map<string, Set<string>>()

  constructor(services: readonly SimulatedService[]) {
    this.#services = services
    this.#figures = phases.map(({ name }) => ({
      name,
      requests: 0,
      served: 0,
      calls: 0,
      repeats: 0,
      hedges: 0,
      mostCalls: 0,
      failed: new Map(),
      cut: 0,
      left: 0,
    }))
  }

  begin(id: string, begun: Begun): void {
    this.#begun.set(id, begun)
  }

  readonly admit: Admission['admit'] = ({ rights, plan }) => {
    const begun = this.#begun.get(rights.id)
    if (begun && isWhole(plan)) begun.plan = plan
    return { targets: plan.targets, settle: () => {} }
  }

  recorded(entry: LogEntry): void {
    const begun = this.#begun.get(entry.id)
    const figures = begun && this.#figures[begun.phase]
    if (!begun || !figures) throw new Error(`${entry.id} was recorded twice, or never asked`)
    this.#begun.delete(entry.id)
    const { attempts, error } = entry
    figures.requests++
    figures.calls += attempts.length
    figures.mostCalls = Math.max(figures.mostCalls, attempts.length)
    figures.hedges += attempts.filter(({ hedge }) => hedge).length
    for (const [at, { startedAt, provider, error, continues }] of attempts.entries()) {
      const isRepeat = !continues && at > 0 && isFailure(attempts[at - 1], provider)
      if (isRepeat) figures.repeats++
      this.#calls.push({ startedAt, isRepeat, isFailed: error !== undefined && error.code !== 'aborted' })
    }
    if (!error) {
      figures.served++
      const home = attempts.at(-1)?.provider
      if (home && figures.name.startsWith('calm')) this.#home(home).add(begun.conversation)
    } else if (error.code === 'aborted') figures.left++
    else if (entry.status === 200) figures.cut++
    else {
      figures.failed.set(error.code, (figures.failed.get(error.code) ?? 0) + 1)
      const untried = this.#untried(entry, begun)
      if (untried.length > 0) this.#unfair.push(`${figures.name} ${entry.id}: ${error.code}, ${untried} not tried`)
    }
  }

  /** The healthy targets of its plan that a request neither called nor could have called. */
  #untried({ attempts, durationMs }: LogEntry, { plan, signal }: Begun): readonly string[] {
    if (!plan) return ['a plan']
    if (durationMs >= limits.totalMs) return []
    const healthy = plan.targets.slice(0, plan.healthy).map(({ entry: { id } }) => id)
    return healthy.filter(
      (id) =>
        !attempts.some(({ provider }) => provider === id) &&
        !this.#services.some(({ entry, refused }) => entry.id === id && refused.has(signal)),
    )
  }

  #home(id: string): Set<string> {
    const home = this.#homes.get(id) ?? new Set()
    this.#homes.set(id, home)
    return home
  }

  result(clock: EventClock): SimulationResult {
    if (this.#begun.size > 0) throw new Error(`${this.#begun.size} requests have no record`)
    const all = this.#services.map(({ entry: { id } }) => this.#homes.get(id)?.size ?? 0)
    const seen = new Set([...this.#homes.values()].flatMap((home) => [...home])).size
    const leases = this.#services.flatMap(({ pool }) => pool.status().map(({ inFlight }) => inFlight))
    for (const { pool } of this.#services) pool.close()
    return {
      phases: this.#figures,
      unfair: this.#unfair,
      worstRepeats: worstRepeats(this.#calls),
      hedges: this.#figures.reduce((sum, { hedges }) => sum + hedges, 0) / this.#calls.length,
      shares: all.map((size) => size / seen).sort((a, b) => a - b),
      inFlight: leases.reduce((sum, count) => sum + count, 0),
      pendingTimers: clock.pending,
      elapsedMs: clock.elapsed(),
    }
  }
}

/** The plan that an admission is asked about is the router's own. */
function isWhole(plan: object): plan is RoutePlan {
  return 'healthy' in plan
}

const ofTargets = new Set(['upstream_unavailable', 'upstream_timeout', 'upstream_protocol'])

function isFailure(before: LogEntry['attempts'][number] | undefined, provider: string): boolean {
  return before?.provider === provider && before.error !== undefined && ofTargets.has(before.error.code)
}

interface CallSeen {
  readonly startedAt: number
  readonly isRepeat: boolean
  readonly isFailed: boolean
}

function worstRepeats(calls: readonly CallSeen[]): number {
  const inOrder = calls.toSorted((a, b) => a.startedAt - b.startedAt)
  let worst = 0
  let from = 0
  let [repeats, failed] = [0, 0]
  for (const [at, { startedAt, isRepeat, isFailed }] of inOrder.entries()) {
    if (isRepeat) repeats++
    if (isFailed) failed++
    for (let oldest = inOrder[from]; oldest && oldest.startedAt <= startedAt - 60_000; oldest = inOrder[from]) {
      if (oldest.isRepeat) repeats--
      if (oldest.isFailed) failed--
      from++
    }
    if (failed >= 10) worst = Math.max(worst, repeats / (at - from + 1))
  }
  return worst
}
