import { type HandClock, handClock } from '@dragoman/testkit'
import { expect, test } from 'vitest'
import { Exchange } from './exchange.ts'
import { networkOf, SlowDown } from './slow-down.ts'

interface Try {
  readonly exchange: Exchange
  /** What was answered: the refusal, or that too many wait. */
  readonly answer: 'refused' | 'crowded' | undefined
}

function slowDownFor(clock: HandClock) {
  const slowDown = new SlowDown(clock)
  return (remoteAddress = '192.0.2.1', atMostMs?: number): Try => {
    const exchange = new Exchange({ path: '/', query: '' }, 0)
    let answer: Try['answer']
    slowDown.wrongKey(
      { socket: { remoteAddress } },
      exchange,
      (crowded) => {
        answer = crowded ? 'crowded' : 'refused'
      },
      atMostMs,
    )
    return {
      exchange,
      get answer() {
        return answer
      },
    }
  }
}

/** How long the next try has to wait. */
function waitOf(clock: HandClock, wrongKey: () => Try): number {
  const before = clock.elapsed()
  const tried = wrongKey()
  while (tried.answer === undefined) clock.advanceSync(50)
  return clock.elapsed() - before
}

test('five wrong keys are answered at once, the next ones after waits that double', () => {
  const clock = handClock()
  const wrongKey = slowDownFor(clock)
  const waits = Array.from({ length: 13 }, () => waitOf(clock, wrongKey))
  expect(waits).toEqual([0, 0, 0, 0, 0, 100, 200, 400, 800, 1_600, 2_000, 2_000, 2_000])
})

test('a wrong key from time to time never waits', () => {
  const clock = handClock()
  const wrongKey = slowDownFor(clock)
  for (let times = 0; times < 50; times++) {
    expect(waitOf(clock, wrongKey)).toBe(0)
    clock.advanceSync(12_000)
  }
})

test('after a minute without wrong keys all is as before, also when the clock of the wall is set back', () => {
  const clock = handClock()
  const wrongKey = slowDownFor(clock)
  for (let times = 0; times < 20; times++) waitOf(clock, wrongKey)
  clock.jump(-3_600_000)
  clock.advanceSync(60_000)
  const waits = Array.from({ length: 6 }, () => waitOf(clock, wrongKey))
  expect(waits).toEqual([0, 0, 0, 0, 0, 100])
})

test('16 of one address wait at the same time, 256 in all; more are not kept', () => {
  const clock = handClock()
  const wrongKey = slowDownFor(clock)
  const tries = (address: string, count: number) => Array.from({ length: count }, () => wrongKey(address).answer)
  for (let address = 0; address < 16; address++) {
    expect(tries(`192.0.2.${address}`, 5)).toEqual(Array(5).fill('refused'))
    expect(tries(`192.0.2.${address}`, 16)).toEqual(Array(16).fill(undefined))
    expect(tries(`192.0.2.${address}`, 100)).toEqual(Array(100).fill('crowded'))
  }
  expect(clock.pending).toBe(256)
  // No address that is not slowed is refused its answer.
  expect(tries('192.0.2.99', 6)).toEqual([...Array(5).fill('refused'), 'crowded'])
  clock.advanceSync(2_000)
  expect(clock.pending).toBe(0)
  expect(tries('192.0.2.99', 1)).toEqual([undefined])
})

test('whoever leaves makes room, and is not answered', () => {
  const clock = handClock()
  const wrongKey = slowDownFor(clock)
  const tries = Array.from({ length: 22 }, () => wrongKey())
  expect(tries.at(-1)?.answer).toBe('crowded')
  for (const { exchange } of tries) exchange.end()
  expect(clock.pending).toBe(0)
  expect(wrongKey().answer).toBeUndefined()
  clock.advanceSync(2_000)
  expect(tries.map(({ answer }) => answer).filter((answer) => answer === undefined)).toHaveLength(16)
})

test('a wait can have a bound of its own', () => {
  const clock = handClock()
  const wrongKey = slowDownFor(clock)
  const waits = Array.from({ length: 9 }, () => waitOf(clock, () => wrongKey('192.0.2.1', 500)))
  expect(waits).toEqual([0, 0, 0, 0, 0, 100, 200, 400, 500])
})

test('10,000 addresses are kept in mind; the one that was wrong longest ago is the next to be forgotten', () => {
  const clock = handClock()
  const wrongKey = slowDownFor(clock)
  for (const address of ['198.51.100.1', '198.51.100.2']) for (let n = 0; n < 5; n++) wrongKey(address)
  for (let other = 0; other < 9_998; other++) wrongKey(`10.0.${other >> 8}.${other & 255}`)
  // This moves it to the end, and the other one is now the oldest.
  expect(wrongKey('198.51.100.1').answer).toBeUndefined()
  wrongKey('203.0.113.1')
  expect(wrongKey('198.51.100.2').answer).toBe('refused')
  expect(wrongKey('198.51.100.1').answer).toBeUndefined()
})

test.each([
  ['192.0.2.7', '192.0.2.7'],
  ['::ffff:192.0.2.7', '192.0.2.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:db8:1:2::', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['2001:db8::1:2:3:4:5', '2001:db8:0:1::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['', ''],
])('%j is of the network %j', (address, network) => {
  expect(networkOf(address)).toBe(network)
})

test('addresses of one IPv6 /64 are one party', () => {
  const wrongKey = slowDownFor(handClock())
  for (let n = 1; n <= 5; n++) expect(wrongKey(`2001:db8:0:1::${n}`).answer).toBe('refused')
  expect(wrongKey('2001:db8:0:1:ffff::1').answer).toBeUndefined()
  expect(wrongKey('2001:db8:0:2::1').answer).toBe('refused')
})
