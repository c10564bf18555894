import { take } from '@dragoman/core'
import { expect, test } from 'vitest'
import { PullQueue } from './pull-queue.ts'

const done = { value: undefined, done: true }
const item = (value: number) => ({ value, done: false })

function start() {
  const log: string[] = []
  const queue = new PullQueue<number>({
    pause: () => log.push('pause'),
    resume: () => log.push('resume'),
    release: () => log.push('release'),
  })
  return { queue, log }
}

test('readers that wait are answered in order', async () => {
  const { queue, log } = start()
  const waiting = [queue.next(), queue.next(), queue.next()]
  queue.push(1, 1)
  queue.push(2, 1)
  queue.end()
  expect(await Promise.all(waiting)).toEqual([item(1), item(2), done])
  expect(log).toEqual(['release'])
})

test('items that wait are answered at once', async () => {
  const { queue } = start()
  queue.push(1, 1)
  let answer: unknown
  void queue.next().then((result) => {
    answer = result
  })
  await Promise.resolve()
  expect(answer).toEqual(item(1))
})

test('the source is paused by count or by bytes, and resumed at half of it', async () => {
  for (const bytes of [1, 100_000]) {
    const { queue, log } = start()
    let pushed = 0
    while (log.length === 0) queue.push(pushed++, bytes)
    expect(pushed).toBe(bytes === 1 ? 513 : 3)
    for (let read = 0; log.length === 1; read++) {
      expect(read).toBeLessThan(pushed)
      expect(await queue.next()).toEqual(item(read))
    }
    expect(log).toEqual(['pause', 'resume'])
  }
})

test('an error comes after the items before it, and once', async () => {
  const { queue, log } = start()
  queue.push(1, 1)
  queue.fail(new Error('oops'))
  expect(await queue.next()).toEqual(item(1))
  expect(log).toEqual([])
  await expect(queue.next()).rejects.toThrow('oops')
  expect(await queue.next()).toEqual(done)
  expect(log).toEqual(['release'])
})

test('an error that discards comes at once', async () => {
  const { queue } = start()
  queue.push(1, 1)
  queue.end()
  queue.fail(new Error('aborted'), true)
  await expect(queue.next()).rejects.toThrow('aborted')
})

test('leaving answers readers that wait and releases the source once', async () => {
  const { queue, log } = start()
  const waiting = queue.next()
  expect(await queue.return()).toEqual(done)
  expect(await waiting).toEqual(done)
  queue.push(1, 1)
  queue.fail(new Error('too late'), true)
  expect(await queue.next()).toEqual(done)
  await queue.return()
  expect(log).toEqual(['release'])
})

function taker(log: unknown[]) {
  return {
    item: (value: number) => log.push(value),
    done: () => log.push('done'),
    fail: (error: unknown) => log.push(error),
  }
}

test('whoever takes gets what waits at once, and what comes in the turn in which it comes', () => {
  const { queue, log } = start()
  const taken: unknown[] = []
  queue.push(1, 1)
  queue[take](taker(taken))
  expect(taken).toEqual([1])
  queue[take](taker(taken))
  expect(taken).toEqual([1])
  queue.push(2, 1)
  queue.push(3, 1)
  expect(taken).toEqual([1, 2])
  queue[take](taker(taken))
  queue[take](taker(taken))
  queue.end()
  expect(taken).toEqual([1, 2, 3, 'done'])
  expect(log).toEqual(['release'])
})

test('the source is let go before the end is told: what is done then must not break it off', () => {
  const order: string[] = []
  const queue = new PullQueue<number>({ pause() {}, resume() {}, release: () => order.push('release') })
  queue[take]({ item() {}, done: () => order.push('done'), fail() {} })
  queue.end()
  expect(order).toEqual(['release', 'done'])
})

test('an error reaches whoever takes, at once or with the next try', () => {
  const error = new Error('broken')
  for (const waits of [true, false]) {
    const { queue } = start()
    const taken: unknown[] = []
    if (waits) queue[take](taker(taken))
    queue.fail(error)
    if (!waits) queue[take](taker(taken))
    queue[take](taker(taken))
    expect(taken).toEqual([error, 'done'])
  }
})
