import { expect, test } from 'vitest'
import { FollowingController } from './following-controller.ts'

test('it trips with the signal that it follows, for the same reason', () => {
  const parent = new AbortController()
  const child = new FollowingController(parent.signal)
  expect(child.signal.aborted).toBe(false)
  parent.abort('over')
  expect(child.signal.reason).toBe('over')
  expect(new FollowingController(parent.signal).signal.reason).toBe('over')
})

test('it trips alone, and not any more with a signal that it was released from', () => {
  const parent = new AbortController()
  const first = new FollowingController(parent.signal)
  first.abort('mine')
  expect([first.signal.reason, parent.signal.aborted]).toEqual(['mine', false])
  const second = new FollowingController(parent.signal)
  second.release()
  parent.abort('over')
  expect(second.signal.aborted).toBe(false)
})
