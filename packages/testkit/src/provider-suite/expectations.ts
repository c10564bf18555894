import { type DragomanError, type ErrorCode, isDragomanError } from '@dragoman/core'
import { expect } from 'vitest'
import type { Rig } from './rig.ts'

export function expectError(error: unknown, codes: readonly ErrorCode[]): asserts error is DragomanError {
  if (!isDragomanError(error)) {
    expect.fail(
      error === undefined ? `${codes.join(' or ')} was expected, nothing was thrown` : `not a DragomanError: ${error}`,
    )
  }
  expect(codes, `${error.code}: ${error.message}`).toContain(error.code)
}

/** What a promise rejects with; undefined when it does not. */
export function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  )
}

/** Moves the clock until `running` settles, in steps: it has to do so once `limitMs` have passed, and not before. */
export async function expectAfter(rig: Rig, limitMs: number, running: Promise<unknown>): Promise<void> {
  let isSettled = false
  void running.then(() => {
    isSettled = true
  })
  const stepMs = limitMs / 10
  let passedMs = 0
  // A limit may start to count a moment after the fake upstream noticed, and take some turns to be thrown.
  for (; !isSettled && passedMs < 2 * limitMs; passedMs += stepMs) {
    await rig.clock.advance(stepMs)
    await turns(5)
  }
  expect(isSettled, `nothing happened within ${passedMs} ms`).toBe(true)
  expect(passedMs).toBeGreaterThanOrEqual(limitMs)
}

/** Turns of the event loop: enough of them, and whatever was going to happen on loopback has happened. */
export async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve))
}
