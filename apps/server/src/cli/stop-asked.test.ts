import { EventEmitter } from 'node:events'
import { expect, test, vi } from 'vitest'
import { stopAsked } from './stop-asked.ts'

/** As much of a process as is listened to. */
const fakeProcess = () => Object.assign(new EventEmitter(), { exit: vi.fn() })

test.each(['SIGINT', 'SIGTERM', 'SIGHUP'])('%s asks to stop', async (signal) => {
  const target = fakeProcess()
  const asked = stopAsked(target as never)
  target.emit(signal, signal)
  await asked
  expect(target.exit).not.toHaveBeenCalled()
})

test('a second Ctrl-C within a second is the same one, a later one ends at once', async () => {
  const target = fakeProcess()
  let now = 0
  const asked = stopAsked(target as never, () => now)
  target.emit('SIGINT', 'SIGINT')
  await asked
  now = 1_000
  target.emit('SIGINT', 'SIGINT')
  expect(target.exit).not.toHaveBeenCalled()
  now = 1_001
  target.emit('SIGTERM', 'SIGTERM')
  expect(target.exit).not.toHaveBeenCalled()
  target.emit('SIGINT', 'SIGINT')
  expect(target.exit).toHaveBeenCalledExactlyOnceWith(130)
})
