import type { ErrorCode } from '@dragoman/core'

/** `due`: its rest is over, and one request is to find out whether it works. `probing`: that request is under way. */
export type TargetState = 'ready' | 'resting' | 'due' | 'probing'

/** Why a target rests. */
export type RestReason = 'failing' | 'often failing' | 'not found'

/** Failures in a row after which a target rests. */
const failuresBeforeRest = 3
const shortestRestMs = 5_000
const longestRestMs = 60_000
/** A model that is not there is no longer asked first by each request. */
const notFoundRestMs = 60_000

/** A target that fails at least this part of its calls rests as well. */
const badShare = 0.5
/** Of fewer calls than this nothing follows. */
const tellingCalls = 20
/** Calls are counted over this one and the one before it: half a minute to a minute. */
const halfWindowMs = 30_000

/** How long a plan may take to become a call. */
const claimMs = 5_000
/** A probe that says nothing for this long lets another one go. */
const longestProbeMs = 30_000
/** Nobody wanted the target since its rest was over: what was known of it is too old. */
const forgottenAfterMs = 300_000

/** The part of an estimate that a measurement replaces, when it comes right after another one. */
const leastGain = 0.2
const halfLifeMs = 300_000

/**
 * What has been seen of one target lately. Times without a unit of their own are milliseconds of `Clock.elapsed`.
 *
 * Its circuit: closed while `restsUntil` is 0. Open: it rests. When the rest is over it is `due`; the one request that
 * claims it probes, and its outcome closes the circuit or begins a longer rest.
 */
export class TargetFacts {
  readonly name: string
  inFlight = 0
  /** More than once, or since it was last looked at by who makes room for others. */
  isUsed = false
  failuresInRow = 0
  restsUntil = 0
  restReason: RestReason | undefined
  lastError: { readonly code: ErrorCode /** Unix milliseconds. */; readonly at: number } | undefined
  #rests = 0
  #probeUntil = 0
  #streamed: Decayed | undefined
  #whole: Decayed | undefined
  #half = 0
  #calls = 0
  #failures = 0
  #callsBefore = 0
  #failuresBefore = 0

  constructor(name: string) {
    this.name = name
  }

  /** Of answers that came whole only where no other was seen: their first token came with their last. */
  get firstTokenMs(): number | undefined {
    return (this.#streamed ?? this.#whole)?.value
  }

  stateAt(now: number): TargetState {
    if (this.restsUntil === 0) return 'ready'
    if (now < this.restsUntil) return 'resting'
    if (now < this.#probeUntil) return 'probing'
    return now < this.restsUntil + forgottenAfterMs ? 'due' : 'ready'
  }

  /** Somebody is about to probe it. */
  claim(now: number): void {
    this.#probeUntil = now + claimMs
  }

  called(now: number): void {
    this.inFlight++
    if (this.restsUntil === 0 || now < this.restsUntil) return
    if (now < this.restsUntil + forgottenAfterMs) {
      this.#probeUntil = now + longestProbeMs
      return
    }
    this.#close()
    this.failuresInRow = 0
  }

  measured(ms: number, isWhole: boolean, now: number): void {
    if (isWhole) this.#whole = decayed(this.#whole, ms, now)
    else this.#streamed = decayed(this.#streamed, ms, now)
    if (this.restsUntil === 0) return
    // It answers. If it breaks off now, that is one failure too many.
    this.#close()
    this.failuresInRow = failuresBeforeRest - 1
  }

  succeeded(now: number): void {
    this.inFlight--
    this.#count(false, now)
    this.failuresInRow = 0
    if (this.restsUntil !== 0) this.#close()
  }

  failed(code: ErrorCode, now: number, retryAfterMs = 0): void {
    this.inFlight--
    if (code === 'deployment_not_found') {
      this.#rest('not found', Math.max(this.restsUntil, now + notFoundRestMs))
      return
    }
    this.#count(true, now)
    this.failuresInRow++
    const asked = now + Math.min(retryAfterMs, longestRestMs)
    // Calls that were under way when it began to rest say nothing new.
    if (now < this.restsUntil) this.restsUntil = Math.max(this.restsUntil, asked)
    else if (this.restsUntil !== 0 || this.failuresInRow >= failuresBeforeRest) this.#restLonger('failing', asked, now)
    else if (this.#failsOften()) this.#restLonger('often failing', asked, now)
  }

  /** The call says nothing of the target: its caller left, or its credential was refused. */
  leftOpen(): void {
    this.inFlight--
    this.#probeUntil = 0
  }

  #restLonger(reason: RestReason, atLeastUntil: number, now: number): void {
    if (now - this.#restEndedAt > longestRestMs) this.#rests = 0
    const restMs = Math.min(shortestRestMs * 2 ** Math.min(this.#rests, 10), longestRestMs)
    this.#rests++
    this.#rest(reason, Math.max(now + restMs, atLeastUntil))
  }

  /** So that a target that comes and goes rests longer each time. */
  #restEndedAt = Number.NEGATIVE_INFINITY

  #rest(reason: RestReason, until: number): void {
    this.restReason = reason
    this.restsUntil = until
    this.#restEndedAt = until
    this.#probeUntil = 0
    this.#calls = this.#failures = this.#callsBefore = this.#failuresBefore = 0
  }

  #close(): void {
    this.restsUntil = 0
    this.restReason = undefined
    this.#probeUntil = 0
  }

  #count(isFailure: boolean, now: number): void {
    const half = Math.floor(now / halfWindowMs)
    if (half !== this.#half) {
      const isNext = half === this.#half + 1
      this.#callsBefore = isNext ? this.#calls : 0
      this.#failuresBefore = isNext ? this.#failures : 0
      this.#calls = this.#failures = 0
      this.#half = half
    }
    this.#calls++
    if (isFailure) this.#failures++
  }

  #failsOften(): boolean {
    const calls = this.#calls + this.#callsBefore
    return calls >= tellingCalls && this.#failures + this.#failuresBefore >= badShare * calls
  }
}

/** An average in which what is old counts for less. */
interface Decayed {
  readonly value: number
  readonly at: number
}

function decayed(before: Decayed | undefined, value: number, now: number): Decayed {
  if (!before) return { value, at: now }
  const gain = 1 - (1 - leastGain) * 0.5 ** ((now - before.at) / halfLifeMs)
  return { value: before.value + gain * (value - before.value), at: now }
}
