import { type AnswerItem, type LogEntry, OwnedEntries, type StateStore } from '@dragoman/core'
import type { ChatCompletionRequest } from '@dragoman/openai-schema'
import type { Answer, ChatContext, RouteInfo } from '../answer.ts'
import type { AnswerCaching } from '../deployments.ts'
import type { RoutePlan } from '../router.ts'
import { givenWhole, isRelayed, type KeptAnswer, keptStream, keptWhole, readKept } from './kept-answer.ts'
import { digestOf, digestOfChat } from './kept-answer-key.ts'
import { lookedUp } from './kept-answer-look.ts'
import { type AnswerEngine, KeptAnswerRun, type Recorder } from './kept-answer-run.ts'
import { KeptItems, TapedItems } from './kept-answer-stream.ts'

/** How long an answer is kept where nobody says. */
const defaultTtlMs = 10 * 60 * 1000

/** Of one client key. */
const maxEntries = 1_000
const maxCharacters = 32 * 2 ** 20

/** A model that says the same again to the same request has at least finished what it said. */
const wholeReasons: readonly (string | undefined)[] = ['stop', 'tool_calls', 'function_call']

/** What a name means, and how a request for it would go now: without being one. */
export interface FoundName {
  readonly name: string
  readonly caching: AnswerCaching | undefined
  plan(): RoutePlan
}

export interface CacheableRequest {
  readonly record: Recorder
  find(): Promise<FoundName | undefined>
  /** Makes the request. */
  ask(record: Recorder): Promise<Answer>
}

export interface CacheOptions extends AnswerEngine {
  readonly state: StateStore
}

/**
 * Answers by what was asked and by whom. One that is found is given without a call; one that is not is noted while it
 * passes. Whatever is wrong with the store, a request is answered.
 */
export class AnswerCache {
  readonly #engine: CacheOptions
  /** By how long they keep; all in the places of one client. */
  readonly #entries = new Map<number, OwnedEntries>()

  constructor(engine: CacheOptions) {
    this.#engine = engine
  }

  /** The cache is the model group's where the client does not say. */
  async chat(
    request: ChatCompletionRequest,
    context: ChatContext,
    { find, ask, record }: CacheableRequest,
  ): Promise<Answer> {
    if (context.cache === 'off' || hasMany(request)) return ask(record)
    // Why a name could not be looked up is the run's to say.
    const found = await find().catch(() => undefined)
    const caching = found?.caching ?? (context.cache === 'on' ? {} : undefined)
    if (!found || !caching) return ask(record)

    const { client = 'open' } = context
    const ttlMs = caching.ttlMs ?? defaultTtlMs
    const key = digestOf([found.name, digestOfChat(request, context)])
    const kept = await this.#find(client, key, ttlMs)
    if (kept) return this.#again(kept, found, { request, context, record })

    let entry: LogEntry | undefined
    const answer = await ask((given) => {
      entry = given
      record?.(given)
    })
    const keep = (made: KeptAnswer | undefined) => {
      if (made) this.#keep(client, key, made, ttlMs)
    }
    // Undefined where the answer is not one to be given again.
    const facts = (route: RouteInfo | undefined) => {
      if (!entry || entry.error || route?.toolEnforcement || !wholeReasons.includes(entry.finishReason))
        return undefined
      return { usage: entry.usage, finishReason: entry.finishReason, at: this.#engine.clock.now() }
    }
    if (answer.kind !== 'chunks') {
      const known = facts(answer.route)
      if (known) keep(keptWhole(answer, known))
      return { ...answer, route: missed(answer.route) }
    }
    const chunks = new TapedItems(answer.chunks, (parts) => {
      const { route } = answer
      const known = facts(route)
      if (known && route) keep(keptStream(parts, route, known))
    })
    return new MissedStream(chunks, answer)
  }

  async #again(
    kept: KeptAnswer,
    found: FoundName,
    { request, context, record }: { request: ChatCompletionRequest; context: ChatContext; record: Recorder },
  ): Promise<Answer> {
    const { dialect = 'openai-chat', parsed = request } = context
    const isStreamed = request.stream === true
    const asked = { model: request.model, dialect, isStreamed, chat: request, parsed }
    const run = new KeptAnswerRun(asked, context, { engine: this.#engine, answeredBy: 'cache', record })
    try {
      if (run.isLimited) await run.admit(found.plan())
    } catch (cause) {
      throw run.fail(cause)
    }
    const ageMs = Math.max(0, this.#engine.clock.now() - kept.at)
    const route: RouteInfo = { ...kept.route, answeredBy: 'cache', cache: 'hit', ageMs }
    if (kept.form === 'items') {
      const chunks = new KeptItems(kept.parts, run, () => run.succeed(kept, route))
      return { kind: 'chunks', chunks, route, isRelaying: isRelayed(kept) }
    }
    run.succeed(kept, route)
    return givenWhole(kept, route) as Answer // it was one
  }

  async #find(client: string, key: string, ttlMs: number): Promise<KeptAnswer | undefined> {
    const { clock } = this.#engine
    const text = await lookedUp(clock, () => this.#keptFor(ttlMs).get(client, key))
    const kept = text === undefined ? undefined : readKept(text)
    // It may have been kept for longer than it is to be now.
    return kept && clock.now() - kept.at < ttlMs ? kept : undefined
  }

  #keep(client: string, key: string, kept: KeptAnswer, ttlMs: number): void {
    // The answer is out; whether the next one is faster is no concern of this one's.
    this.#keptFor(ttlMs)
      .set(client, key, JSON.stringify(kept))
      .catch(() => {})
  }

  #keptFor(ttlMs: number): OwnedEntries {
    const known = this.#entries.get(ttlMs)
    if (known) return known
    const made = new OwnedEntries(this.#engine.state, { kind: 'answer', maxEntries, maxCharacters, ttlMs })
    this.#entries.set(ttlMs, made)
    return made
  }
}

/** An answer that was not kept yet, on its way. */
class MissedStream {
  readonly kind = 'chunks'
  readonly chunks: AsyncIterable<AnswerItem>
  readonly #answer: Extract<Answer, { kind: 'chunks' }>

  constructor(chunks: MissedStream['chunks'], answer: Extract<Answer, { kind: 'chunks' }>) {
    this.chunks = chunks
    this.#answer = answer
  }

  get route(): RouteInfo | undefined {
    const { route } = this.#answer
    return route && missed(route)
  }

  get isRelaying(): boolean {
    return this.#answer.isRelaying
  }
}

function missed(route: RouteInfo): RouteInfo {
  return { ...route, cache: 'miss' }
}

/** Records say how one choice ended, and one of the others may have been cut. */
function hasMany({ n }: ChatCompletionRequest): boolean {
  return typeof n === 'number' && n > 1
}
