import fc from 'fast-check'
import { expect, test } from 'vitest'
import { SlidingMinute } from './sliding-minute.ts'

// Much at a time, and often about a minute apart: there a mistake would show.
const pause = fc.oneof(fc.nat(2_000), fc.integer({ min: 57_000, max: 61_000 }))
const amounts = fc.array(fc.record({ afterMs: pause, amount: fc.nat(100) }), { maxLength: 60 })

test('in no sixty seconds more is let through than the limit, whatever comes when', () => {
  fc.assert(
    fc.property(amounts, (asked) => {
      const minute = new SlidingMinute()
      const taken: { at: number; amount: number }[] = []
      let now = 0
      for (const { afterMs, amount } of asked) {
        now += afterMs
        if (minute.take(amount, 100, now) === 0) taken.push({ at: now, amount })
        const within = taken.filter(({ at }) => at > now - 60_000)
        expect(within.reduce((sum, { amount }) => sum + amount, 0)).toBeLessThanOrEqual(100)
      }
    }),
  )
})

test('who waits as long as is said is let through, and a millisecond earlier not', () => {
  fc.assert(
    fc.property(amounts, fc.nat(100), (asked, amount) => {
      const said = () => {
        const minute = new SlidingMinute()
        let now = 0
        for (const { afterMs, amount } of asked) {
          now += afterMs
          minute.take(amount, 100, now)
        }
        return { minute, now }
      }
      const { minute, now } = said()
      const waitMs = minute.take(amount, 100, now)
      if (waitMs === 0) return
      expect(waitMs).toBeLessThanOrEqual(61_000)
      expect(minute.take(amount, 100, now + waitMs - 1)).toBe(1)
      expect(minute.take(amount, 100, now + waitMs)).toBe(0)
    }),
  )
})

test('tells what is left, and when all of it is back', () => {
  const minute = new SlidingMinute()
  expect([minute.remaining(10, 500), minute.resetMs(500)]).toEqual([10, 0])
  minute.take(4, 10, 500)
  minute.take(1, 10, 2_200)
  expect([minute.remaining(10, 2_200), minute.resetMs(2_200)]).toEqual([5, 60_800])
  expect([minute.remaining(10, 61_000), minute.resetMs(61_000)]).toEqual([9, 2_000])
  expect([minute.remaining(10, 63_000), minute.resetMs(63_000)]).toEqual([10, 0])
})

test('what it came to takes the place of what was taken, where that still counts', () => {
  const minute = new SlidingMinute()
  minute.take(8, 10, 500)
  minute.correct(500, -6, 30_000)
  expect(minute.remaining(10, 30_000)).toBe(8)
  minute.correct(500, 20, 30_000)
  expect(minute.remaining(10, 30_000)).toBe(0)
  expect(minute.remaining(10, 61_000)).toBe(10)
  minute.correct(500, 5, 61_000)
  expect(minute.remaining(10, 61_000)).toBe(10)
})

test('more than the whole limit takes all of it, and nothing may be in use then', () => {
  const minute = new SlidingMinute()
  expect(minute.take(500, 100, 0)).toBe(0)
  expect(minute.take(1, 100, 0)).toBe(61_000)
  expect(minute.take(500, 100, 61_000)).toBe(0)
})
