import { type CallerSignal, DragomanError, OwnedEntries, type StateStore, toDragomanError } from '@dragoman/core'
import type { Answer, ChatContext, RouteInfo } from '../answer.ts'
import type { RunContext } from '../engine.ts'
import type { FoundName } from './answer-cache.ts'
import { type Given, type Opened, SharedCall } from './idempotency-call.ts'
import { Claims } from './idempotency-claims.ts'
import { type Follower, SharedStream } from './idempotency-stream.ts'
import { givenWhole, isRelayed, type KeptAnswer, keptStream, keptWhole, readKept } from './kept-answer.ts'
import { digestOf } from './kept-answer-key.ts'
import { lookedUp } from './kept-answer-look.ts'
import { type AnswerEngine, type Asked, KeptAnswerRun, type Recorder } from './kept-answer-run.ts'
import { KeptItems } from './kept-answer-stream.ts'

const keptMs = 24 * 60 * 60 * 1000

/** Of one client key. */
const maxEntries = 1_000
const maxCharacters = 32 * 2 ** 20

/** Of a digest. */
const fingerprintLength = 43

export type IdempotentContext = RunContext & Pick<ChatContext, 'idempotencyKey'>

export interface IdempotentRequest {
  readonly asked: Asked
  readonly context: IdempotentContext
  /** A digest of everything that the request says. */
  readonly fingerprint: string
  readonly record: Recorder
  find(): Promise<FoundName | undefined>
  /** Makes the request. */
  open(context: { readonly signal: CallerSignal }, record: Recorder): Promise<Given>
}

/**
 * Requests of one client that share an idempotency key share one call: those that come while it runs follow it, those that
 * come within a day after it are given its answer again. One that failed is forgotten, and the next one calls anew.
 */
export class IdempotentCalls {
  readonly #engine: AnswerEngine
  readonly #entries: OwnedEntries
  readonly #claims: Claims
  readonly #running: Map<string, SharedCall>

  /** @param running calls under way, which may be known to others on the same store as well */
  constructor(engine: AnswerEngine & { readonly state: StateStore }, running: Map<string, SharedCall>) {
    const { state, clock } = engine
    this.#engine = engine
    this.#running = running
    this.#entries = new OwnedEntries(state, { kind: 'idempotent', maxEntries, maxCharacters, ttlMs: keptMs })
    this.#claims = new Claims(state, clock)
  }

  /** The kind of the answer is that of what `open` gives. */
  async share(request: IdempotentRequest): Promise<Given> {
    const { asked, context, record } = request
    const { client = 'open', idempotencyKey } = context
    const id = digestOf([idempotencyKey])
    const place = `${client.length}:${client}:${id}`
    const run = new KeptAnswerRun(asked, context, { engine: this.#engine, answeredBy: 'idempotency', record })
    const kept = this.#running.has(place) ? undefined : await this.#find(client, id)
    // Another one may have begun while this one looked.
    const running = this.#running.get(place)
    if (running) return this.#take(running, run, request, false)
    if (kept) {
      try {
        return await this.#again(kept, run, request)
      } catch (cause) {
        throw run.fail(cause)
      }
    }
    const call = this.#begin(place, { client, id }, request)
    return this.#take(call, run, request, true)
  }

  #begin(place: string, entry: { client: string; id: string }, request: IdempotentRequest): SharedCall {
    const call = new SharedCall(request.fingerprint, () => this.#running.delete(place))
    this.#running.set(place, call)
    call.opened = this.#open(call, place, entry, request)
    call.opened.catch(() => {}) // those who wait for it are told, and they may all have left
    return call
  }

  async #open(
    call: SharedCall,
    place: string,
    { client, id }: { client: string; id: string },
    { open, record, fingerprint }: IdempotentRequest,
  ): Promise<Opened> {
    const { clock } = this.#engine
    try {
      const claim = await this.#claims.take(place)
      if (claim === 'taken') throw inProgress()
      call.holdClaim(claim)
      // Another process may have had the claim until just now.
      const kept = await this.#find(client, id)
      if (call.signal.aborted) throw call.signal.reason
      if (kept) {
        call.end()
        return kept
      }
      call.isAsked = true
      const answer = await open({ signal: call.signal }, (given) => {
        call.entry = given
        record?.(given)
      })
      const complete = (made: KeptAnswer | undefined) => {
        call.isComplete = true
        if (!made) {
          call.end()
          return
        }
        const text = fingerprint + JSON.stringify(made)
        // Until it is there, those who come find it here.
        lookedUp(clock, () => this.#entries.set(client, id, text)).then(() => call.end())
      }
      if (answer.kind === 'chunks' || answer.kind === 'stream') {
        const source = answer.kind === 'chunks' ? answer.chunks : answer.pieces
        call.stream = new SharedStream(source, (parts) => {
          const isKept = answer.kind === 'chunks' && parts !== undefined && answer.route
          complete(isKept ? keptStream(parts, isKept, call.facts(clock.now())) : undefined)
        })
      } else complete(keptWhole(answer, call.facts(clock.now())))
      return { answer }
    } catch (error) {
      call.end()
      throw error
    }
  }

  /** @param isFirst whether the call is this request's own, and recorded as such */
  async #take(call: SharedCall, run: KeptAnswerRun, request: IdempotentRequest, isFirst: boolean): Promise<Given> {
    const { signal } = request.context
    const letGo = call.hold()
    try {
      if (!isFirst && call.fingerprint !== request.fingerprint) throw conflict()
      const opened = await untilLeft(call.opened, signal)
      if ('kept' in opened) {
        letGo()
        return await this.#again(opened, run, request)
      }
      // Only now: those who follow a call must not use up what it needs itself.
      if (!isFirst) await admitted(run, request)
      const { answer } = opened
      const own = (route: RouteInfo) => (isFirst ? route : shared(route))
      if (answer.kind !== 'chunks' && answer.kind !== 'stream') {
        letGo()
        if (!isFirst) run.succeed(call.facts(0), answer.route)
        return { ...answer, route: own(answer.route) }
      }
      const follower = call.stream?.follow(signal, {
        begun: () => run.begin(),
        over(error) {
          letGo()
          if (isFirst) return
          if (error === undefined) run.succeed(call.facts(0), answer.route)
          else run.fail(error)
        },
      })
      if (!follower) throw tooLate()
      return answer.kind === 'chunks'
        ? new FollowedStream(follower, answer, own)
        : { ...answer, pieces: follower, route: own(answer.route) }
    } catch (cause) {
      letGo()
      // One that goes on for others is recorded as this request's, when it is over.
      throw isFirst && (call.isAsked || !call.isOver) ? toDragomanError(cause, signal) : run.fail(cause)
    }
  }

  async #again(
    { kept, fingerprint }: Extract<Opened, { kept: unknown }>,
    run: KeptAnswerRun,
    request: IdempotentRequest,
  ): Promise<Given> {
    if (fingerprint !== request.fingerprint) throw conflict()
    await admitted(run, request)
    const route = shared(kept.route)
    if (kept.form === 'items') {
      const chunks = new KeptItems(kept.parts, run, () => run.succeed(kept, route))
      return { kind: 'chunks', chunks, route, isRelaying: isRelayed(kept) }
    }
    run.succeed(kept, route)
    return givenWhole(kept, route)
  }

  async #find(client: string, id: string): Promise<Extract<Opened, { kept: unknown }> | undefined> {
    const text = await lookedUp(this.#engine.clock, () => this.#entries.get(client, id))
    const kept = text === undefined ? undefined : readKept(text.slice(fingerprintLength))
    return kept && text ? { kept, fingerprint: text.slice(0, fingerprintLength) } : undefined
  }
}

/** A stream that several follow, for one of them. */
class FollowedStream {
  readonly kind = 'chunks'
  readonly chunks: Follower
  readonly #answer: Extract<Answer, { kind: 'chunks' }>
  readonly #own: (route: RouteInfo) => RouteInfo

  constructor(chunks: Follower, answer: Extract<Answer, { kind: 'chunks' }>, own: (route: RouteInfo) => RouteInfo) {
    this.chunks = chunks
    this.#answer = answer
    this.#own = own
  }

  get route(): RouteInfo | undefined {
    const { route } = this.#answer
    return route && this.#own(route)
  }

  get isRelaying(): boolean {
    return this.#answer.isRelaying
  }
}

/** Where an answer is from that was made for another request. */
function shared(route: RouteInfo): RouteInfo {
  return { ...route, answeredBy: 'idempotency', cache: undefined, ageMs: undefined }
}

async function admitted(run: KeptAnswerRun, { find }: IdempotentRequest): Promise<void> {
  const found = run.isLimited ? await find() : undefined
  if (found) await run.admit(found.plan())
}

/** Settles with `promise`, or before it when the client leaves. */
function untilLeft<T>(promise: Promise<T> | undefined, signal: CallerSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const leave = () => reject(signal.reason)
    if (signal.aborted) leave()
    signal.addEventListener('abort', leave)
    Promise.resolve(promise as Promise<T>).then(resolve, reject)
    const forget = () => signal.removeEventListener('abort', leave)
    promise?.then(forget, forget)
  })
}

function conflict(): DragomanError {
  const message =
    'This Idempotency-Key was used with another request: use a new key for each request, and the same one only to repeat it'
  return new DragomanError('idempotency_conflict', message, { param: 'idempotency-key' })
}

function inProgress(): DragomanError {
  const message = 'Another process of this gateway answers a request with this Idempotency-Key: ask again in a moment'
  return busy(message)
}

function tooLate(): DragomanError {
  const message =
    'The answer to this Idempotency-Key is under way and too long to be given from its beginning: ask again when it is over'
  return busy(message)
}

function busy(message: string): DragomanError {
  return new DragomanError('idempotency_conflict', message, {
    param: 'idempotency-key',
    publicCode: 'idempotency_in_progress',
    retryAfterMs: 1_000,
  })
}
