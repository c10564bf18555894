import { stall } from '@dragoman/testkit'
import { expect, test } from 'vitest'
import { abortOnLeave } from './index.ts'
import { dataOf, startRig, textOf, turns } from './test-rig.ts'

const done = { done: true, value: undefined }

/** A source of which the test decides what comes, and that counts who came. */
function source() {
  const log: string[] = []
  const item = Promise.resolve({ done: false as const, value: 1 })
  return {
    log,
    item,
    open: async () => {
      log.push('open')
      return {
        next: () => item,
        return: async () => {
          log.push('return')
          return { done: true as const, value: undefined }
        },
      }
    },
  }
}

test('nothing is opened before the first item is asked for, nor after leaving', async () => {
  const { log, open } = source()
  const items = abortOnLeave(open)
  await turns(2)
  expect(await items.return?.()).toEqual(done)
  expect(await items.next()).toEqual(done)
  expect(log).toEqual([])
})

test('once open, the promises of the source are handed on as they are', async () => {
  const { log, item, open } = source()
  const items = abortOnLeave(open)
  expect(await items.next()).toEqual({ done: false, value: 1 })
  expect(items.next()).toBe(item)
  expect(await items.return?.()).toEqual(done)
  expect(log).toEqual(['open', 'return'])
})

test('several who wait for the opening share it', async () => {
  const { log, open } = source()
  const items = abortOnLeave(open)
  expect(await Promise.all([items.next(), items.next()])).toHaveLength(2)
  expect(log).toEqual(['open'])
})

test('what the opening throws is thrown once', async () => {
  const items = abortOnLeave(() => Promise.reject(new Error('closed')))
  await expect(items.next()).rejects.toThrow('closed')
  expect(await items.next()).toEqual(done)
})

test('leaving while the answer is awaited closes the socket, and whoever waits is told', async () => {
  await using rig = await startRig()
  rig.upstream.script({ before: [stall()] })
  const items = abortOnLeave(async (left) => dataOf(await rig.stream(rig.call(), { left })))
  const pending = items.next().catch(textOf)
  const request = await rig.upstream.received(1)
  expect(await items.return?.()).toEqual(done)
  expect(await request.closed).toBe('aborted')
  expect(await pending).toBe('aborted: The caller left')
  expect(rig.clock.pending).toBe(0)
})

test('leaving in the answer closes the socket while an item is awaited', async () => {
  await using rig = await startRig()
  rig.upstream.script({ headers: { 'content-type': 'text/event-stream' }, body: ['data: a\n\n', stall()] })
  const items = abortOnLeave(async (left) => dataOf(await rig.stream(rig.call(), { left })))
  expect(await items.next()).toEqual({ value: 'a', done: false })
  const pending = items.next().catch(textOf)
  expect(await items.return?.()).toEqual(done)
  expect(await rig.upstream.requests[0]?.closed).toBe('aborted')
  expect(await pending).toBe('aborted: The caller left')
})
