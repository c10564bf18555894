import { DragomanError, type ErrorCode } from '@dragoman/core'
import { handClock } from '@dragoman/testkit'
import { beforeEach, expect, test } from 'vitest'
import { Health } from './health.ts'
import { targetOf } from './test-routing.ts'

let clock = handClock()
let health = new Health(clock)

beforeEach(() => {
  clock = handClock()
  health = new Health(clock)
})

const a = targetOf('up/a')

function call(code?: ErrorCode, retryAfterMs?: number, target = a): void {
  health.ended(health.started(target), code && new DragomanError(code, 'as told', { retryAfterMs }))
}

function calls(times: number, code?: ErrorCode): void {
  for (let i = 0; i < times; i++) call(code)
}

const state = (name = 'up/a') => health.of(name)?.stateAt(clock.elapsed())
const restMs = () => Math.max((health.of('up/a')?.restsUntil ?? 0) - clock.elapsed(), 0)

test('a target rests after three failures in a row, and says why', () => {
  calls(2, 'upstream_unavailable')
  expect(state()).toBe('ready')
  call('upstream_overloaded')
  expect(state()).toBe('resting')
  expect(health.of('up/a')).toMatchObject({
    restReason: 'failing',
    lastError: { code: 'upstream_overloaded', at: clock.now() },
  })
})

test('each probe that fails doubles the rest, a minute at the most', async () => {
  calls(3, 'upstream_unavailable')
  const rests = []
  for (let i = 0; i < 7; i++) {
    rests.push(restMs())
    await clock.advance(restMs())
    call('upstream_unavailable')
  }
  expect(rests).toEqual([5_000, 10_000, 20_000, 40_000, 60_000, 60_000, 60_000])
})

test('failures of calls that were under way already do not lengthen a rest', () => {
  calls(200, 'upstream_unavailable')
  expect(restMs()).toBe(5_000)
})

test('what an upstream asks for counts, but no more than a minute', () => {
  calls(2, 'upstream_overloaded')
  call('upstream_overloaded', 30_000)
  expect(restMs()).toBe(30_000)
  call('upstream_overloaded', 86_400_000)
  expect(restMs()).toBe(60_000)
})

test('a success ends the count, and only failures of the upstream begin one', () => {
  calls(2, 'upstream_unavailable')
  call()
  calls(2, 'upstream_unavailable')
  for (const code of ['rate_limited', 'invalid_request', 'aborted'] as const) calls(5, code)
  expect(state()).toBe('ready')
  call('upstream_unavailable')
  expect(state()).toBe('resting')
})

test('after the rest one call probes, and for all others it rests until that one is over', async () => {
  calls(3, 'upstream_unavailable')
  await clock.advance(5_000)
  expect(state()).toBe('due')
  const probe = health.started(a)
  expect(state()).toBe('probing')
  health.ended(probe, undefined)
  expect(state()).toBe('ready')
  expect(health.of('up/a')?.failuresInRow).toBe(0)
})

test('a claim that becomes no call, and a probe without an outcome, let another one try', async () => {
  calls(3, 'upstream_unavailable')
  await clock.advance(5_000)
  health.of('up/a')?.claim(clock.elapsed())
  expect(state()).toBe('probing')
  await clock.advance(5_000)
  expect(state()).toBe('due')
  health.started(a)
  await clock.advance(29_999)
  expect(state()).toBe('probing')
  await clock.advance(1)
  expect(state()).toBe('due')
  const second = health.started(a)
  health.ended(second, new DragomanError('aborted', 'left'))
  expect(state()).toBe('due')
})

test('the first output of a probe is enough for others, and a cut after it rests the target again', async () => {
  calls(3, 'upstream_unavailable')
  await clock.advance(5_000)
  const probe = health.started(a)
  health.firstOutput(probe, 100)
  expect(state()).toBe('ready')
  health.ended(probe, new DragomanError('upstream_unavailable', 'cut'))
  expect(state()).toBe('resting')
  expect(restMs()).toBe(10_000)
})

test('that holds whatever it rested for', async () => {
  call('deployment_not_found')
  await clock.advance(60_000)
  const probe = health.started(a)
  health.firstOutput(probe, 100)
  health.ended(probe, new DragomanError('upstream_unavailable', 'cut'))
  expect(state()).toBe('resting')
})

test('a target whose rest nobody ended counts as well after some minutes', async () => {
  calls(3, 'upstream_unavailable')
  await clock.advance(5_000 + 299_999)
  expect(state()).toBe('due')
  await clock.advance(1)
  expect(state()).toBe('ready')
  const one = health.started(a)
  expect(state()).toBe('ready')
  health.ended(one, new DragomanError('upstream_unavailable', 'down'))
  expect(state()).toBe('ready')
})

test('a target that fails every second call rests as well, once twenty have been seen', () => {
  for (let i = 0; i < 9; i++) {
    call()
    call('upstream_protocol')
  }
  call()
  expect(state()).toBe('ready')
  call('upstream_protocol')
  expect(state()).toBe('resting')
  expect(health.of('up/a')?.restReason).toBe('often failing')
})

test('a target that fails every third call does not, and what is over a minute old is forgotten', async () => {
  for (let i = 0; i < 30; i++) call(i % 3 === 0 ? 'upstream_protocol' : undefined)
  expect(state()).toBe('ready')
  await clock.advance(60_000)
  for (let i = 0; i < 9; i++) {
    call('upstream_protocol')
    call()
  }
  expect(state()).toBe('ready')
})

test('a model that is not there rests for a minute at once', async () => {
  call('deployment_not_found')
  expect(health.of('up/a')?.restReason).toBe('not found')
  await clock.advance(59_999)
  expect(state()).toBe('resting')
  await clock.advance(1)
  expect(state()).toBe('due')
})

test('the time to the first token moves with each measurement, and faster after a pause', async () => {
  const measure = (ms: number, isWhole?: boolean) => health.firstOutput(health.started(a), ms, isWhole)
  measure(9_000, true)
  expect(health.of('up/a')?.firstTokenMs).toBe(9_000)
  measure(1_000)
  expect(health.of('up/a')?.firstTokenMs).toBe(1_000)
  measure(2_000)
  expect(health.of('up/a')?.firstTokenMs).toBeCloseTo(1_200)
  await clock.advance(300_000)
  measure(200)
  expect(health.of('up/a')?.firstTokenMs).toBeCloseTo(600)
})

test('calls under way are counted until each is over', () => {
  const [one, two] = [health.started(a), health.started(a)]
  expect(one).toBe(two)
  expect(one.inFlight).toBe(2)
  health.ended(one, undefined)
  health.ended(two, new DragomanError('aborted', 'left'))
  expect(one.inFlight).toBe(0)
})

test('names that clients make up do not fill the memory, and push out nobody who is being called', () => {
  const busy = health.started(targetOf('up/busy'))
  const [not, { entry }] = [new DragomanError('deployment_not_found', 'not there'), a]
  for (let i = 0; i < 12_000; i++) {
    health.ended(health.started({ entry, model: `${i}` }), not)
    if (i % 3_000 === 0) call(undefined, undefined, targetOf('up/used'))
  }
  for (let i = 0; i < 3; i++) call('upstream_unavailable', undefined, targetOf(`a/${'x'.repeat(1_000_000)}${i}`))
  expect(health.size).toBeLessThanOrEqual(10_000)
  expect(health.of('up/busy')).toBe(busy)
  expect(health.of('up/used')).toBeDefined()
  expect(health.of(`a/${'x'.repeat(1_000_000)}`)?.failuresInRow).toBe(3)
})
