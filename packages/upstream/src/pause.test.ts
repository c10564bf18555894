import { DragomanError } from '@dragoman/core'
import { handClock } from '@dragoman/testkit'
import { expect, test } from 'vitest'
import { pause } from './pause.ts'

test('a pause lasts as long as it was asked for', async () => {
  const clock = handClock()
  let isOver = false
  const pausing = pause(1_000, clock, new AbortController().signal).then(() => {
    isOver = true
  })
  await clock.advance(999)
  expect(isOver).toBe(false)
  await clock.advance(1)
  await pausing
})

test.each(['before', 'during'])('a caller that leaves %s ends it at once', async (when) => {
  const clock = handClock()
  const controller = new AbortController()
  const leaves = () => controller.abort(new DragomanError('aborted', 'The caller left'))
  if (when === 'before') leaves()
  const pausing = pause(1_000, clock, controller.signal)
  if (when === 'during') leaves()
  await expect(pausing).rejects.toMatchObject({ code: 'aborted' })
})
