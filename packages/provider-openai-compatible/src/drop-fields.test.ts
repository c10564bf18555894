import { expect, test } from 'vitest'
import { isPresent, without } from './drop-fields.ts'

const request = {
  seed: 7,
  stream_options: { include_usage: true, include_obfuscation: false },
  messages: [{ role: 'user', name: 'ada' }, { role: 'user' }],
  tools: [{ function: { name: 'a', strict: true } }],
}

test.each([
  ['seed', { ...request, seed: undefined }],
  ['stream_options.include_obfuscation', { ...request, stream_options: { include_usage: true } }],
  ['messages[].name', { ...request, messages: [{ role: 'user' }, { role: 'user' }] }],
  ['tools[].function.strict', { ...request, tools: [{ function: { name: 'a' } }] }],
])('without %s everything else is still there', (path, expected) => {
  const before = structuredClone(request)
  expect(without(request, path)).toEqual(expected)
  expect(request).toEqual(before)
})

test.each(['user', 'seed.deeper', 'seed[]', 'messages[].tool_calls[].id', 'messages.name', '__proto__', 'toString'])(
  'where %s is not there, the very same value comes back',
  (path) => {
    expect(without(request, path)).toBe(request)
    expect(isPresent(request, path)).toBe(false)
  },
)

test('what a removal does not touch is shared, not copied', () => {
  const changed = without(request, 'messages[].name') as typeof request
  expect(changed.tools).toBe(request.tools)
  expect(changed.messages[1]).toBe(request.messages[1])
})

test('a field that is null is as good as absent', () => {
  expect(isPresent({ seed: null }, 'seed')).toBe(false)
  expect(isPresent({ seed: 0 }, 'seed')).toBe(true)
  expect(isPresent(request, 'messages[].name')).toBe(true)
})
