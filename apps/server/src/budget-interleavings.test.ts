import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Clock, LogEntry, Provider } from '@dragoman/core'
import { type Admitted, clientLimits, staticCredentials } from '@dragoman/gateway'
import { sqliteLedger } from '@dragoman/store/sqlite-ledger'
import { type HandClock, handClock } from '@dragoman/testkit'
import fc from 'fast-check'
import { expect, test } from 'vitest'

const limit = 1_000
const largest = 60

type Step =
  | { readonly do: 'admit'; readonly process: number; readonly tokens: number }
  | { readonly do: 'settle'; readonly which: number; readonly part: number }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'kill'; readonly process: number }

const process = fc.nat(1)
const steps = fc.array(
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({
        do: fc.constant('admit' as const),
        process,
        tokens: fc.integer({ min: 1, max: largest }),
      }),
    },
    {
      weight: 5,
      arbitrary: fc.record({
        do: fc.constant('settle' as const),
        which: fc.nat(),
        part: fc.double({ min: 0, max: 1, noNaN: true }),
      }),
    },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.nat(250) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('kill' as const), process }) },
  ),
  { minLength: 60, maxLength: 200 },
)

test('whatever is reserved, settled and killed in whatever order, a budget is never exceeded by more than one request', () => {
  const folder = mkdtempSync(join(tmpdir(), 'dragoman-interleavings-'))
  let runs = 0
  try {
    fc.assert(
      fc.property(steps, (steps: readonly Step[]) => {
        const world = new World(join(folder, `${runs++}.db`))
        for (const step of steps) {
          world.take(step)
          expect(world.spent + world.underWay).toBeLessThan(limit + largest)
        }
        expect(world.written).toBeLessThanOrEqual(world.spent)
      }),
      { numRuns: 10 },
    )
  } finally {
    rmSync(folder, { recursive: true })
  }
}, 20_000)

interface Open {
  readonly process: number
  readonly admitted: Admitted
  readonly tokens: number
}

/** Two processes on one file. Less than an hour goes by. */
class World {
  /** By all that ever answered. */
  spent = 0
  readonly #path: string
  readonly #clock: HandClock = handClock()
  readonly #processes: ReturnType<World['start']>[]
  #open: Open[] = []

  constructor(path: string) {
    this.#path = path
    this.#processes = [this.start(), this.start()]
  }

  get underWay(): number {
    return this.#open.reduce((sum, { tokens }) => sum + tokens, 0)
  }

  get written(): number {
    const ledger = sqliteLedger({ path: this.#path, clock: this.#clock })
    const [state] = ledger.claim([
      { account: 'tokens key', window: '2026-01-01', endsAt: 0, limit, spent: 0, held: 0, need: 0, wanted: 0 },
    ])
    return state?.used ?? 0
  }

  take(step: Step): void {
    switch (step.do) {
      case 'admit':
        this.#admit(step.process, step.tokens)
        break
      case 'settle':
        this.#settle(step.which, step.part)
        break
      case 'wait':
        this.#clock.advanceSync(step.ms)
        break
      case 'kill':
        this.#processes[step.process]?.kill()
        this.#processes[step.process] = this.start()
        this.#open = this.#open.filter(({ process }) => process !== step.process)
    }
  }

  start() {
    let isAlive = true
    const clock: Clock = {
      now: () => this.#clock.now(),
      elapsed: () => this.#clock.elapsed(),
      schedule: (action, ms) => this.#clock.schedule(() => isAlive && action(), ms),
    }
    const limits = clientLimits({ clock, budgets: sqliteLedger({ path: this.#path, clock }) })
    return {
      limits,
      kill() {
        isAlive = false
      },
    }
  }

  #admit(process: number, tokens: number): void {
    try {
      const admitted = this.#processes[process]?.limits.admit({
        rights,
        asked: 'm',
        plan: { name: 'm', resolvedBy: 'group', targets },
        calls: 1,
        chat: { model: 'm', messages: [{ role: 'user', content: '' }], max_tokens: tokens },
        resolve: () => undefined,
        priceOf: () => undefined,
      })
      // A file of this machine answers at once.
      this.#open.push({ process, admitted: admitted as Admitted, tokens })
    } catch (error) {
      expect(error).toMatchObject({ code: 'insufficient_quota' })
    }
  }

  #settle(which: number, part: number): void {
    const [open] = this.#open.splice(which % Math.max(1, this.#open.length), 1)
    if (!open) return
    const completion = Math.round(open.tokens * part)
    this.spent += completion
    const usage = { prompt_tokens: 0, completion_tokens: completion, total_tokens: completion }
    open.admitted.settle({ ...entry, usage, attempts: [{ ...attempt, usage }] })
  }
}

const rights = { id: 'key', budget: { tokensPerDay: limit } }
const provider: Provider = { id: 'p', async *chat() {}, close: async () => {} }
const targets = [{ entry: { id: 'p', provider, credentials: staticCredentials([]) }, model: 'm' }]
const attempt = { provider: 'p', model: 'm', startedAt: 0, durationMs: 0, relayed: false }
const entry: LogEntry = {
  id: 'req',
  startedAt: 0,
  durationMs: 0,
  dialect: 'openai-chat',
  client: 'key',
  model: 'm',
  streamed: false,
  status: 200,
  attempts: [attempt],
  dropped: [],
}
