import { expect, test } from 'vitest'
import { handClock } from './clock.ts'

test('timers run in the order in which they fall due, at their own time', async () => {
  const clock = handClock(1000)
  const ran: string[] = []
  clock.schedule(() => ran.push(`b@${clock.now()}`), 20)
  clock.schedule(() => ran.push(`a@${clock.now()}`), 10)
  clock.schedule(() => ran.push(`c@${clock.now()}`), 31)
  await clock.advance(30)
  expect(ran).toEqual(['a@1010', 'b@1020'])
  expect(clock.now()).toBe(1030)
  expect(clock.pending).toBe(1)
})

test('of two timers due at once the one scheduled first runs first', () => {
  const clock = handClock()
  const ran: string[] = []
  clock.schedule(() => ran.push('first'), 10)
  clock.schedule(() => ran.push('second'), 10)
  clock.advanceSync(10)
  expect(ran).toEqual(['first', 'second'])
})

test('a timer that a timer schedules runs in the same advance when it falls due in it', () => {
  const clock = handClock(0)
  const at: number[] = []
  const again = () => {
    at.push(clock.now())
    clock.schedule(again, 10)
  }
  clock.schedule(again, 10)
  clock.advanceSync(35)
  expect(at).toEqual([10, 20, 30])
})

test('promise jobs run between two timers', async () => {
  const clock = handClock(0)
  const at: number[] = []
  const sleep = (ms: number) => new Promise<void>((resolve) => clock.schedule(resolve, ms))
  const walker = async () => {
    for (let i = 0; i < 3; i++) {
      await sleep(10)
      at.push(clock.now())
    }
  }
  const walked = walker()
  await clock.advance(30)
  await walked
  expect(at).toEqual([10, 20, 30])
})

test('a cancelled timer does not run and is not pending', async () => {
  const clock = handClock()
  let ran = false
  const cancel = clock.schedule(() => {
    ran = true
  }, 10)
  cancel()
  await clock.advance(10)
  expect(ran).toBe(false)
  expect(clock.pending).toBe(0)
})

test('a timer may cancel another one that is due with it', () => {
  const clock = handClock()
  let ran = false
  clock.schedule(() => cancel(), 10)
  const cancel = clock.schedule(() => {
    ran = true
  }, 10)
  clock.advanceSync(10)
  expect(ran).toBe(false)
})

test('a jump of the wall clock moves no timer', () => {
  const clock = handClock(1_000_000)
  let firedAt = 0
  clock.schedule(() => {
    firedAt = clock.now()
  }, 10)
  clock.jump(3_600_000)
  expect(firedAt).toBe(0)
  clock.jump(-7_200_000)
  clock.advanceSync(10)
  expect(firedAt).toBe(1_000_000 - 3_600_000 + 10)
})

test('armed() resolves at once for a timer that waits, and otherwise when it is scheduled', async () => {
  const clock = handClock()
  clock.schedule(() => {}, 5)
  await clock.armed(5)
  const both = Promise.all([clock.armed(60), clock.armed(60)])
  clock.schedule(() => {}, 60)
  await both
  expect(clock.pending).toBe(2)
})

test('a timer that schedules itself without delay is found out instead of hanging', () => {
  const clock = handClock()
  const again = () => {
    clock.schedule(again, 0)
  }
  again()
  expect(() => clock.advanceSync(1)).toThrow('schedules itself')
})

test('time does not go back by advance()', async () => {
  await expect(handClock().advance(-1)).rejects.toThrow(RangeError)
})
