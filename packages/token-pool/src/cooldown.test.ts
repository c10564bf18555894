import { DragomanError, type DragomanErrorOptions, type ErrorCode, type Outcome } from '@dragoman/core'
import { expect, test } from 'vitest'
import { type Health, healthy, nextEnd, nextHealth, restOf } from './cooldown.ts'

const CAP = 600_000
const NOW = 1_000

interface Settling {
  readonly number?: number
  readonly model?: string | undefined
  readonly isRenewed?: boolean
  readonly leases?: number
  readonly jitter?: number
  readonly now?: number
}

/** Lease `number` of `leases` ends; by default it is the last one. */
function settle(health: Health, outcome: Outcome, settling: Settling = {}): Health {
  const { number = 1, isRenewed = false, leases = number, jitter = 0, now = NOW } = settling
  const lease = { number, model: 'model' in settling ? settling.model : 'm' }
  return nextHealth(health, { type: 'settled', lease, outcome, reason: 'r', isRenewed, leases, jitter }, now, CAP)
}

function failed(code: ErrorCode, options?: DragomanErrorOptions): Outcome {
  return { kind: 'failed', error: new DragomanError(code, 'no', options) }
}

const fail = (health: Health, code: ErrorCode, settling?: Settling) => settle(health, failed(code), settling)
const ok: Outcome = { kind: 'ok' }
const granted = (health: Health, number: number, now: number, model = 'm') =>
  nextHealth(health, { type: 'granted', lease: { number, model } }, now, CAP)

test.each<[ErrorCode, 'whole' | 'model', number]>([
  ['rate_limited', 'model', 1_000],
  ['credential_forbidden', 'model', 30_000],
  ['credential_rejected', 'whole', 30_000],
  ['credential_exhausted', 'whole', 60_000],
])('%s cools the %s for %i ms', (code, scope, ms) => {
  const { whole, models, disabled } = fail(healthy, code)
  const cooldown = scope === 'whole' ? whole : models.get('m')
  expect(cooldown).toMatchObject({ code, strikes: 1, until: NOW + ms })
  expect(scope === 'whole' ? models.size : whole).toBe(scope === 'whole' ? 0 : undefined)
  expect(disabled).toBeUndefined()
})

test.each<ErrorCode>(['rate_limited', 'credential_forbidden'])(
  '%s of a lease without a model cools the whole',
  (code) => {
    expect(fail(healthy, code, { model: undefined })).toMatchObject({ whole: { code }, models: new Map() })
  },
)

test.each<ErrorCode>(['credential_disabled', 'upstream_challenge'])('%s disables, and nothing cools', (code) => {
  const health = fail(healthy, code)
  expect(health).toMatchObject({ disabled: { code, reason: 'r' }, whole: undefined })
  expect(health.models.size).toBe(0)
})

test.each<Outcome>([
  { kind: 'aborted' },
  failed('aborted'),
  failed('upstream_unavailable'),
  failed('upstream_timeout', { retryAfterMs: 5_000 }),
  failed('invalid_request'),
  failed('internal'),
  ok,
])('%j changes nothing', (outcome) => {
  expect(settle(healthy, outcome)).toBe(healthy)
})

test.each([
  [1, 0, 1_000],
  [2, 0, 2_000],
  [5, 0, 16_000],
  [1, 1, 1_200],
  [3, 0.5, 4_400],
  [50, 0, CAP],
  [2_000, 1, CAP],
])('strike %i with jitter %d cools for %i ms', (strikes, jitter, ms) => {
  let health = healthy
  let now = 0
  for (let strike = 1; strike <= strikes; strike++) {
    health = granted(health, strike, now)
    health = fail(health, 'rate_limited', { number: strike, jitter, now })
    if (strike < strikes) now = health.models.get('m')?.until ?? 0
  }
  expect(health.models.get('m')).toMatchObject({ strikes, until: expect.closeTo(now + ms, 0) })
})

test.each([
  ['as long as the upstream asks', 90_000, 90_000, undefined],
  ['no longer than the cap, and shows what was asked', 1_587_827_000, CAP, NOW + 1_587_827_000],
  ['its own time where the upstream asks for none', 0, 1_000, undefined],
])('a cooldown lasts %s', (_, retryAfterMs, ms, askedUntil) => {
  const { models } = settle(healthy, failed('rate_limited', { retryAfterMs }), { jitter: 0 })
  expect(models.get('m')).toMatchObject({ until: NOW + ms, askedUntil })
})

test('a failure from before the cooldown neither lengthens it nor counts', () => {
  const cooling = fail(healthy, 'rate_limited', { number: 1, leases: 5 })
  expect(fail(cooling, 'rate_limited', { number: 5, leases: 5, now: NOW + 500 })).toBe(cooling)
  expect(fail(cooling, 'credential_exhausted', { number: 4, leases: 5 })).toBe(cooling)
})

test('a failure from before the recovery does not count either', () => {
  const cooling = fail(healthy, 'rate_limited', { number: 1, leases: 5 })
  const well = settle(granted(cooling, 6, NOW + 1_000), ok, { number: 6, now: NOW + 1_500 })
  expect(well.models.size).toBe(0)
  expect(fail(well, 'rate_limited', { number: 3, leases: 6, now: NOW + 1_600 })).toBe(well)
})

test('a straggler that says that the account is banned disables all the same', () => {
  const cooling = fail(healthy, 'rate_limited', { number: 1, leases: 5 })
  expect(fail(cooling, 'credential_disabled', { number: 2, leases: 5 }).disabled).toBeDefined()
})

test('a cooldown that is over admits one lease, until that is settled', () => {
  const cooling = fail(healthy, 'rate_limited', { number: 1 })
  expect(restOf(cooling, 'm', NOW + 999)).toBeDefined()
  expect(restOf(cooling, 'm', NOW + 1_000)).toBeUndefined()
  const probed = granted(cooling, 2, NOW + 1_000)
  expect(restOf(probed, 'm', NOW + 1_000_000)).toMatchObject({ probe: 2 })
  expect(restOf(settle(probed, { kind: 'aborted' }, { number: 3 }), 'm', NOW + 1_000)).toBeDefined()

  for (const end of [{ kind: 'aborted' } as const, failed('upstream_unavailable')]) {
    const again = settle(probed, end, { number: 2, now: NOW + 1_100 })
    expect(restOf(again, 'm', NOW + 1_100)).toBeUndefined()
    expect(again.models.get('m')).toMatchObject({ strikes: 1 })
  }
  expect(settle(probed, ok, { number: 2 }).models.size).toBe(0)
  const longer = fail(probed, 'rate_limited', { number: 2, now: NOW + 1_100 })
  expect(longer.models.get('m')).toMatchObject({ strikes: 2, until: NOW + 3_100, probe: undefined })
})

test('who probes the whole and fails for its model rests the whole for longer', () => {
  const cooling = fail(healthy, 'credential_exhausted', { number: 1 })
  const probed = granted(cooling, 2, NOW + 60_000)
  const again = fail(probed, 'rate_limited', { number: 2, now: NOW + 60_000 })
  expect(again.whole).toMatchObject({ code: 'rate_limited', strikes: 2 })
  expect(again.models.size).toBe(0)
})

test('a model that rests leaves the others alone, and a success for one of them ends nothing of it', () => {
  const cooling = fail(healthy, 'rate_limited', { number: 1, model: 'a' })
  expect(restOf(cooling, 'a', NOW)).toBeDefined()
  expect(restOf(cooling, 'b', NOW)).toBeUndefined()
  const after = settle(cooling, ok, { number: 2, model: 'b' })
  expect(after).toMatchObject({ consecutiveFailures: 0 })
  expect(after.models.get('a')).toBe(cooling.models.get('a'))
})

test('a success that began before the cooldown does not end it', () => {
  const cooling = fail(healthy, 'credential_exhausted', { number: 1, leases: 2 })
  expect(settle(cooling, ok, { number: 2 }).whole).toBe(cooling.whole)
})

test('three failures in a row over two models cool the whole', () => {
  let health = fail(healthy, 'credential_forbidden', { number: 1, model: 'a' })
  health = fail(health, 'credential_forbidden', { number: 2, model: 'b' })
  expect(health.whole).toBeUndefined()
  health = fail(health, 'credential_forbidden', { number: 3, model: 'c' })
  expect(health).toMatchObject({ consecutiveFailures: 3, whole: { strikes: 1, until: NOW + 30_000 } })
})

test('a success in between begins the count anew', () => {
  let health = fail(healthy, 'rate_limited', { number: 1, model: 'a' })
  health = fail(health, 'rate_limited', { number: 2, model: 'b' })
  health = settle(health, ok, { number: 3, model: 'c' })
  expect(fail(health, 'rate_limited', { number: 4, model: 'd' }).whole).toBeUndefined()
})

test('any number of failures of one model leaves the whole alone', () => {
  let health = healthy
  for (let number = 1; number < 10; number++) {
    const now = health.models.get('a')?.until ?? 0
    health = fail(granted(health, number, now, 'a'), 'rate_limited', { number, model: 'a', now })
  }
  expect(health.whole).toBeUndefined()
  expect(health.models.get('a')?.strikes).toBe(9)
})

test('a session that is rejected rests nothing where it is renewed, and the credential where it is not', () => {
  const renewing = fail(healthy, 'credential_rejected', { number: 1, isRenewed: true })
  expect(renewing).toMatchObject({ consecutiveFailures: 1, whole: undefined })
  const resting = fail(renewing, 'credential_rejected', { number: 2, isRenewed: false })
  expect(resting.whole).toMatchObject({ strikes: 1, until: NOW + 30_000 })
  const probed = granted(resting, 3, NOW + 30_000)
  const again = fail(probed, 'credential_rejected', { number: 3, isRenewed: true, now: NOW + 30_000 })
  expect(again.whole).toMatchObject({ strikes: 1, until: NOW + 30_000, probe: undefined })
})

test('a success for a model that does not rest is no news', () => {
  const cooling = fail(healthy, 'rate_limited', { number: 1, model: 'a' })
  const well = settle(cooling, ok, { number: 2, model: 'b' })
  expect(well.consecutiveFailures).toBe(0)
  expect(settle(well, ok, { number: 3, model: 'b' })).toBe(well)
})

test('enabling keeps a cooldown, a reset ends everything', () => {
  const disabled = fail(fail(healthy, 'credential_exhausted', { number: 1 }), 'credential_disabled', { number: 2 })
  const enabled = nextHealth(disabled, { type: 'enabled' }, NOW, CAP)
  expect(enabled).toMatchObject({ disabled: undefined, whole: { strikes: 1 } })
  expect(nextHealth(disabled, { type: 'reset' }, NOW, CAP)).toEqual(healthy)
})

test('the next end is the earliest of all that run', () => {
  let health = fail(healthy, 'credential_forbidden', { number: 1, model: 'a' })
  health = fail(health, 'rate_limited', { number: 2, model: 'b' })
  expect(nextEnd(health, NOW)).toBe(NOW + 1_000)
  expect(nextEnd(health, NOW + 1_000)).toBe(NOW + 30_000)
  expect(nextEnd(granted(health, 3, NOW + 30_000, 'a'), NOW + 30_000)).toBe(Number.POSITIVE_INFINITY)
})

test('models without end do not fill the memory', () => {
  let health = healthy
  for (let number = 1; number <= 1_000; number++) {
    health = fail(settle(health, ok, { number, model: 'fine' }), 'rate_limited', { number, model: `m${number}` })
  }
  expect(health.models.size).toBe(100)
  expect(health.models.has('m1000')).toBe(true)
})
