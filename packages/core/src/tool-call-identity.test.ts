import type { ToolCallDelta } from '@dragoman/openai-schema'
import { expect, test } from 'vitest'
import { ToolCallIdentity } from './tool-call-identity.ts'

/** The calls as a client joins them: by index. */
function joined(...deltas: unknown[]) {
  const identity = new ToolCallIdentity()
  const sent = [...deltas.flatMap((delta) => identity.read([delta as ToolCallDelta])), ...identity.flush()]
  const calls: { id: string | undefined; name: string | undefined; text: string }[] = []
  for (const delta of sent) {
    const known = calls[delta.index]
    const text = delta.function?.arguments ?? ''
    if (!known) calls[delta.index] = { id: delta.id, name: delta.function?.name, text }
    else {
      expect(delta.id, 'identity is sent once').toBeUndefined()
      expect(delta.type).toBeUndefined()
      expect(delta.function?.name).toBeUndefined()
      known.text += text
    }
  }
  return calls
}

const call = (index: unknown, id: unknown, name: unknown, text: unknown) => ({
  index,
  id,
  type: 'function',
  function: { name, arguments: text },
})

test('well-formed calls go through as the same objects', () => {
  const open = call(0, 'a', 'f', '')
  const more = { index: 0, function: { arguments: '{}' } }
  const identity = new ToolCallIdentity()
  expect(identity.read([open] as ToolCallDelta[])[0]).toBe(open)
  expect(identity.read([more])[0]).toBe(more)
})

test('calls that interleave are kept apart', () => {
  const calls = joined(
    call(0, 'a', 'f', ''),
    call(1, 'b', 'g', ''),
    { index: 0, function: { arguments: '{"x":' } },
    { index: 1, function: { arguments: '{}' } },
    { index: 0, function: { arguments: '1}' } },
  )
  expect(calls).toEqual([
    { id: 'a', name: 'f', text: '{"x":1}' },
    { id: 'b', name: 'g', text: '{}' },
  ])
})

test('calls that are all numbered 0 are told apart by their ids', () => {
  const calls = joined(
    call(0, 'a', 'f', '{"x":1}'),
    call(0, 'b', 'g', '{'),
    call(0, 'a', '', ''),
    call(0, 'b', '', '}'),
  )
  expect(calls).toEqual([
    { id: 'a', name: 'f', text: '{"x":1}' },
    { id: 'b', name: 'g', text: '{}' },
  ])
})

test('calls that are all numbered 0 and have no ids are told apart by a name after complete arguments', () => {
  const calls = joined(call(0, undefined, 'f', '{"x":1}'), call(0, undefined, 'f', '{"x":2}'))
  expect(calls.map(({ name, text }) => [name, text])).toEqual([
    ['f', '{"x":1}'],
    ['f', '{"x":2}'],
  ])
  expect(calls[0]?.id).toMatch(/^call_\w{24}$/)
  expect(calls[0]?.id).not.toBe(calls[1]?.id)
})

test('id and name in every piece make one call', () => {
  expect(joined(call(0, 'a', 'f', '{"x"'), call(0, 'a', 'f', ':1}'), call(0, 'a', 'f', ''))).toEqual([
    { id: 'a', name: 'f', text: '{"x":1}' },
  ])
})

test('a name in every piece makes one call', () => {
  const pieces = ['', '{"x"', ':1}', ''].map((text) => call(0, undefined, 'f', text))
  expect(joined(...pieces).map(({ name, text }) => [name, text])).toEqual([['f', '{"x":1}']])
})

test('two calls with one id get ids of their own', () => {
  const [first, second] = joined(call(0, 'a', 'f', '{}'), call(1, 'a', 'g', '{}'))
  expect(first).toEqual({ id: 'a', name: 'f', text: '{}' })
  expect(second?.id).toMatch(/^call_/)
  expect(second?.name).toBe('g')
})

test('pieces without an index belong to the call before them', () => {
  expect(joined(call(undefined, 'a', 'f', '{'), { function: { arguments: '}' } })).toEqual([
    { id: 'a', name: 'f', text: '{}' },
  ])
})

test('indexes that start elsewhere or skip are numbered anew', () => {
  expect(joined(call(3, 'a', 'f', '{}'), call(7, 'b', 'g', '{}')).map(({ id }) => id)).toEqual(['a', 'b'])
})

test('arguments given as an object, or not at all, become text', () => {
  expect(joined(call(0, 'a', 'f', { x: [1] }), call(1, 'b', 'g', null)).map(({ text }) => text)).toEqual([
    '{"x":[1]}',
    '',
  ])
})

test('a call whose name comes late is held until then', () => {
  expect(joined({ index: 0, id: 'a', function: { arguments: '{' } }, call(0, undefined, 'f', '}'))).toEqual([
    { id: 'a', name: 'f', text: '{}' },
  ])
})

test('a call that never gets a name is shown as it is', () => {
  expect(joined({ index: 0, id: 'a', function: { arguments: '{}' } })).toEqual([{ id: 'a', name: '', text: '{}' }])
})

test('custom calls keep their form', () => {
  const identity = new ToolCallIdentity()
  const open = { index: 0, id: 'a', type: 'custom', custom: { name: 'patch', input: '*** ' } } as const
  expect(identity.read([open])[0]).toBe(open)
  expect(identity.read([{ index: 0, id: 'a', custom: { input: 'Begin' } }])).toEqual([
    { index: 0, custom: { input: 'Begin' } },
  ])
})

test('a custom of null does not make a function call a custom one', () => {
  const identity = new ToolCallIdentity()
  const odd = { ...call(0, 'a', 'f', '{}'), custom: null } as unknown as ToolCallDelta
  expect(identity.read([odd])).toMatchObject([{ type: 'function', function: { name: 'f', arguments: '{}' } }])
})
