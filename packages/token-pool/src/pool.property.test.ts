import {
  type Credential,
  DragomanError,
  type ErrorCode,
  type Lease,
  type LeaseOptions,
  type Outcome,
  Secret,
} from '@dragoman/core'
import { type HandClock, handClock } from '@dragoman/testkit'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { memoryVault } from './memory-vault.ts'
import { TokenPool } from './pool.ts'
import type { Strategy } from './pool-options.ts'

const failures: readonly ErrorCode[] = [
  'rate_limited',
  'credential_rejected',
  'credential_forbidden',
  'credential_exhausted',
  'credential_disabled',
  'upstream_challenge',
  'upstream_unavailable',
  'invalid_request',
]
const TOKENS = 4

const outcome = fc.oneof(
  fc.constant<Outcome>({ kind: 'ok' }),
  fc.constant<Outcome>({ kind: 'aborted' }),
  fc
    .record({ code: fc.constantFrom(...failures), retryAfterMs: fc.constantFrom(undefined, 0, 1_500, 1_600_000_000) })
    .map(({ code, ...options }): Outcome => ({ kind: 'failed', error: new DragomanError(code, 'no', options) })),
)
const token = fc.nat({ max: TOKENS - 1 })
const some = fc.nat({ max: 1_000 })

const step = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      do: fc.constant('lease' as const),
      model: fc.constantFrom(undefined, 'a', 'b', 'c'),
      affinityKey: fc.constantFrom(undefined, 'k', 'l'),
      waitMs: fc.constantFrom(undefined, 0, 2_000),
      excludes: fc.boolean(),
    }),
  },
  { weight: 9, arbitrary: fc.record({ do: fc.constant('settle' as const), which: some, outcome }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('settle again' as const), outcome }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('confirm' as const), which: some }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('leave' as const), which: some }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('advance' as const),
      ms: fc.constantFrom(0, 1, 999, 5_000, 61_000, 700_000),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('jump' as const), ms: fc.constantFrom(-3_600_000, 3_600_000) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom('add' as const, 'remove' as const, 'enable' as const, 'disable' as const, 'reset' as const),
      token,
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('set' as const), tokens: fc.uniqueArray(token) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('refresh' as const), token: fc.option(token) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('acquisitions' as const),
      // `hang` ones end by their time, if the next of these steps does not come before.
      how: fc.constantFrom('resolve' as const, 'reject' as const, 'hang' as const),
      code: fc.constantFrom(...failures),
      lifeMs: fc.constantFrom(undefined, -1, 2_000, 600_000),
    }),
  },
)
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

const setting = fc.record({
  strategy: fc.constantFrom<Strategy>('least-used', 'round-robin', 'weighted'),
  maxConcurrent: fc.constantFrom(undefined, 1, 2),
  isRenewable: fc.boolean(),
  hasVault: fc.boolean(),
  refreshIntervalMs: fc.constantFrom(undefined, 60_000),
})
type Setting = typeof setting extends fc.Arbitrary<infer T> ? T : never

test('whatever happens in whatever order: nothing stays in flight, nothing waits, nothing is stuck, no renewals overlap', async () => {
  const seed = 20_261_121
  const run = async (given: Setting, steps: readonly Step[]) => {
    const trial = new Trial(given)
    for (const each of steps) {
      await trial.take(each)
      await turn()
      trial.check()
    }
    await trial.end()
  }
  await fc.assert(fc.asyncProperty(setting, fc.array(step, { minLength: 10, maxLength: 60, size: 'max' }), run), {
    seed,
    numRuns: 1_000,
  })
})

const source = (at: number) => ({ values: { token: new Secret(`token-${at}`) }, weight: 1 + at })

/** A pool, and what somebody who only counts knows of it. */
class Trial {
  readonly clock: HandClock = handClock()
  readonly pool: TokenPool
  readonly open: Lease[] = []
  readonly done: Lease[] = []
  readonly waiting = new Map<AbortController, Omit<LeaseOptions, 'signal'>>()
  readonly given: Setting
  acquisition: Extract<Step, { do: 'acquisitions' }> = {
    do: 'acquisitions',
    how: 'resolve',
    code: 'rate_limited',
    lifeMs: undefined,
  }
  readonly running = new Set<string>()
  readonly hanging = new Set<() => void>()
  overlaps = 0
  sessions = 0

  constructor(given: Setting) {
    this.given = given
    const { isRenewable, hasVault, ...options } = given
    this.pool = new TokenPool({
      ...options,
      name: 'zai',
      clock: this.clock,
      random: () => 0.5,
      acquire: isRenewable ? (credential, { signal }) => this.acquire(credential, signal) : undefined,
      vault: hasVault ? memoryVault({ clock: this.clock }) : undefined,
      credentials: [0, 1, 2].map(source),
    })
  }

  acquire(credential: Credential, signal: AbortSignal): Promise<Credential> {
    const of = credential.values.token?.reveal() ?? ''
    if (this.running.has(of)) this.overlaps++
    this.running.add(of)
    return new Promise<Credential>((resolve, reject) => {
      const finish = () => {
        this.hanging.delete(finish)
        const { how, code, lifeMs } = this.acquisition
        if (how === 'reject') return reject(new DragomanError(code, 'not you'))
        const expiresAt = lifeMs === undefined ? undefined : this.clock.now() + lifeMs
        resolve({ id: 'any', values: { session: new Secret(`session-${++this.sessions}`) }, expiresAt })
      }
      signal.addEventListener('abort', () => {
        this.hanging.delete(finish)
        reject(signal.reason)
      })
      if (this.acquisition.how === 'hang') this.hanging.add(finish)
      else queueMicrotask(finish)
    }).finally(() => this.running.delete(of))
  }

  async take(step: Step): Promise<void> {
    switch (step.do) {
      case 'lease':
        return this.lease(step)
      case 'settle': {
        const [lease] = this.open.splice(step.which % Math.max(1, this.open.length), 1)
        if (!lease) return
        this.done.push(lease)
        return lease.settle(step.outcome)
      }
      case 'settle again':
        return this.done.at(-1)?.settle(step.outcome)
      case 'confirm':
        return this.open[step.which % Math.max(1, this.open.length)]?.confirm?.()
      case 'leave': {
        const controllers = [...this.waiting.keys()]
        controllers[step.which % controllers.length]?.abort(new Error('left'))
        return turn()
      }
      case 'advance':
        return this.clock.advance(step.ms)
      case 'jump':
        return this.clock.jump(step.ms)
      case 'add':
        this.pool.add([source(step.token)])
        return
      case 'set':
        this.pool.set(step.tokens.map(source))
        return
      case 'refresh':
        this.pool.refresh(step.token === null ? undefined : `zai:${step.token + 1}`)
        return
      case 'acquisitions':
        this.acquisition = step
        if (step.how !== 'hang') for (const finish of this.hanging) finish()
        return turn()
      default:
        this.pool[step.do](`zai:${step.token + 1}`)
    }
  }

  lease({ do: _, excludes, ...options }: Extract<Step, { do: 'lease' }>): void {
    const controller = new AbortController()
    const exclude = excludes ? new Set(this.done.slice(-2).map(({ credential }) => credential)) : undefined
    const granted = (lease: Lease) => {
      expect(exclude?.has(lease.credential) ?? false).toBe(false)
      this.open.push(lease)
    }
    const refused = (error: unknown) => {
      const { code } = error as DragomanError
      if (!controller.signal.aborted)
        expect(['no_credential', 'rate_limit_exceeded', 'insufficient_quota', 'upstream_challenge']).toContain(code)
    }
    try {
      const lease = this.pool.lease({ ...options, exclude, signal: controller.signal })
      if (lease instanceof Promise) {
        this.waiting.set(controller, { ...options, exclude })
        lease.then(granted, refused).finally(() => this.waiting.delete(controller))
      } else granted(lease)
    } catch (error) {
      refused(error)
    }
  }

  check(): void {
    const { inFlight, waiting, credentials, refresh } = this.pool.stats()
    expect(inFlight).toBeGreaterThanOrEqual(this.open.length)
    for (const { inFlight, state, until, isProbing } of credentials) {
      expect(inFlight).toBeGreaterThanOrEqual(0)
      expect(inFlight).toBeLessThanOrEqual(this.given.maxConcurrent ?? Number.POSITIVE_INFINITY)
      if (state === 'cooling' && !isProbing) {
        expect(until).toBeGreaterThan(this.clock.now())
        expect(until).toBeLessThanOrEqual(this.clock.now() + 600_000)
      }
    }
    expect(waiting).toBe(this.waiting.size)
    for (const options of [...this.waiting.values()]) this.checkWaiting(options)
    expect(refresh.running).toBeGreaterThanOrEqual(0)
    expect(this.overlaps).toBe(0)
  }

  /** Whoever waits has something to wait for, and would not be served at once if he asked again. */
  checkWaiting(options: Omit<LeaseOptions, 'signal'>): void {
    const { signal } = new AbortController()
    expect(() => this.pool.lease({ ...options, affinityKey: undefined, waitMs: 0, signal })).toThrow(/within 0 ms/)
  }

  /** A hash in a renewal takes real time; the hand-driven clock would run past it. */
  async renewed(): Promise<void> {
    while (this.pool.stats().refresh.running > 0) await turn()
  }

  async end(): Promise<void> {
    await this.take({ do: 'acquisitions', how: 'resolve', code: 'rate_limited', lifeMs: undefined })
    while (this.open.length > 0 || this.waiting.size > 0) {
      for (const lease of this.open.splice(0)) lease.settle({ kind: 'aborted' })
      await this.renewed()
      await this.clock.advance(31_000)
    }
    await this.renewed()
    await this.clock.advance(1_300_000)
    await this.renewed()
    // What was removed in between comes back with what was counted.
    this.pool.add(Array.from({ length: TOKENS }, (_, at) => source(at)))
    const stats = this.pool.stats()
    expect(stats).toMatchObject({ inFlight: 0, waiting: 0 })
    expect(stats.credentials.map(({ inFlight }) => inFlight)).toEqual(stats.credentials.map(() => 0))
    expect(stats.cooling).toBe(0)

    const ids = stats.credentials.map(({ id }) => id)
    const ready = stats.credentials.filter(({ state }) => state === 'ready').map(({ id }) => id)
    const leases: Lease[] = []
    while (leases.length < ready.length) {
      const exclude = new Set(leases.map(({ credential }) => credential))
      leases.push(await this.pool.lease({ signal: new AbortController().signal, exclude }))
    }
    expect(leases.map(({ credential }) => credential.id).sort()).toEqual(ready.sort())
    for (const lease of leases) lease.settle({ kind: 'aborted' })

    for (const id of ids) this.pool.disable(id)
    for (const id of ids) {
      this.pool.enable(id)
      for (const model of ['a', 'b', 'c', undefined]) {
        const lease = await this.pool.lease({ signal: new AbortController().signal, model })
        expect(lease.credential.id).toBe(id)
        lease.settle({ kind: 'ok' })
      }
      expect(this.pool.status().find((status) => status.id === id)).toMatchObject({ state: 'ready', models: [] })
      this.pool.disable(id)
    }
    expect(this.overlaps).toBe(0)
    this.pool.close()
    await turn()
    expect(this.clock.pending).toBe(0)
    expect(this.pool.stats()).toMatchObject({ inFlight: 0, waiting: 0, refresh: { running: 0 } })
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
