import { expect, test } from 'vitest'
import { endedHow, finishReasonFor } from './finish-reason.ts'

test.each([
  ['stop', 'stop'],
  ['end_turn', 'stop'],
  ['tool_calls', 'stop'],
  ['something_new', 'stop'],
  ['length', 'length'],
  ['MAX_TOKENS', 'length'],
  ['model_length', 'length'],
  ['content_filter', 'length'],
  ['SAFETY', 'length'],
  ['error', 'cut'],
  ['insufficient_system_resource', 'cut'],
])('%s ends the text by %s', (reason, how) => {
  expect(endedHow(reason)).toBe(how)
})

test.each([
  ['stop', 'tool_calls', 'stop'],
  ['tool_calls', 'tool_calls', 'stop'],
  ['tool_use', 'tool_calls', 'stop'],
  ['something_new', 'tool_calls', 'something_new'],
  ['length', 'length', 'length'],
  ['content_filter', 'content_filter', 'content_filter'],
  ['error', 'error', 'error'],
  ['function_call', 'tool_calls', 'function_call'],
])('%s is sent as %s with calls and as %s without', (reason, withCalls, without) => {
  expect(finishReasonFor(reason, true)).toBe(withCalls)
  expect(finishReasonFor(reason, false)).toBe(without)
})
