import { expect, test } from 'vitest'
import { z } from 'zod'
import { chatCompletionRequest, describeIssue, validate } from './index.ts'

const said = (message: unknown) => ({ model: 'm', messages: [message] })

function issueOf(body: unknown) {
  const result = validate(chatCompletionRequest, body)
  return result.ok ? undefined : result.issue
}

test('the param is the path to the field, the message begins with it', () => {
  expect(issueOf(said({ role: 'robot', content: 'x' }))).toEqual({
    param: 'messages[0].role',
    message: 'messages[0].role: expected one of developer, system, user, assistant, tool, function; found "robot"',
    code: 'invalid_value',
  })
})

test.each<[string, unknown, string]>([
  ['an absent field', { messages: [] }, 'missing_required_parameter'],
  ['an absent discriminant', said({ content: 'x' }), 'missing_required_parameter'],
  ['an absent field of several shapes', said({ role: 'user' }), 'missing_required_parameter'],
  ['null for a required field', { model: null, messages: [] }, 'invalid_type'],
  ['a wrong type', { ...said({ role: 'user', content: 'x' }), stream: 'yes' }, 'invalid_type'],
  ['a wrong type where several shapes are allowed', said({ role: 'user', content: 5 }), 'invalid_type'],
  ['a discriminant of the wrong type', said({ role: 5, content: 'x' }), 'invalid_type'],
  ['a choice of the wrong type', { ...said({ role: 'user', content: 'x' }), tool_choice: 5 }, 'invalid_type'],
  ['a fraction for an integer', { ...said({ role: 'user', content: 'x' }), n: 1.5 }, 'invalid_type'],
  ['an unknown discriminant', said({ role: 'robot' }), 'invalid_value'],
  ['an unknown choice', { ...said({ role: 'user', content: 'x' }), tool_choice: 'sometimes' }, 'invalid_value'],
  ['an empty array', { model: 'm', messages: [] }, 'invalid_value'],
  [
    'a contradiction',
    { ...said({ role: 'user', content: 'x' }), max_tokens: 1, max_completion_tokens: 2 },
    'invalid_value',
  ],
])('the code for %s', (_, body, code) => {
  expect(issueOf(body)?.code).toBe(code)
})

test('the first mistake is the one reported', () => {
  const messages = [{ role: 'user', content: 'x' }, { role: 'user', content: [{ type: 'text', text: 1 }, 2] }, 3]
  expect(issueOf({ model: 'm', messages, stream: 'yes' })?.param).toBe('messages[1].content[0].text')
})

test('a long value is cut to 80 characters, between its characters', () => {
  const { message = '' } = issueOf(said({ role: `${'x'.repeat(78)}😀${'y'.repeat(1e6)}` })) ?? {}
  expect(message.endsWith(`found "${'x'.repeat(78)}…"`)).toBe(true)
  expect(issueOf(said({ role: 'x'.repeat(80) }))?.message).toMatch(/found "x{80}"$/)
})

test('a long key is cut to 80 characters', () => {
  const body = { ...said({ role: 'user', content: 'x' }), metadata: { ['k'.repeat(1e6)]: 1 } }
  expect(issueOf(body)?.param).toBe(`metadata["${'k'.repeat(79)}…"]`)
})

test('keys that are no plain names are quoted', () => {
  const body = { ...said({ role: 'user', content: 'x' }), metadata: { 'a "b"': 1 } }
  expect(issueOf(body)?.param).toBe('metadata["a \\"b\\""]')
})

test('objects and arrays that were found are never shown', () => {
  expect(issueOf(said({ role: 'user', content: { secret: 'hush' } }))?.message).not.toContain('hush')
  expect(issueOf({ model: ['hush'], messages: [] })?.message).not.toContain('hush')
})

test('a body full of mistakes is read to the first only', () => {
  let read = 0
  const mistake = {
    get role() {
      read += 1
      return 'robot'
    },
  }
  expect(issueOf({ model: 'm', messages: Array.from({ length: 10_000 }, () => mistake) })?.param).toBe(
    'messages[0].role',
  )
  expect(read).toBeLessThan(20)
})

test('errors of zod itself are described too', () => {
  const schema = z.object({ a: z.union([z.string(), z.object({ b: z.number() })]) })
  const input = { a: { b: 'x' } }
  const { error } = schema.safeParse(input)
  expect(error && describeIssue(error, input)).toMatchObject({ param: 'a.b', code: 'invalid_type' })
})

test('each message of zod is a sentence by itself', () => {
  const { error } = chatCompletionRequest.safeParse({
    messages: [{ role: 'user', content: [{ type: 'text' }] }, {}],
    stream: 1,
  })
  expect(error?.issues.map((issue) => [issue.path.join('.'), issue.message])).toEqual([
    ['model', 'required; expected a string'],
    ['messages.0.content', 'expected a string or an array of content parts; found an array of length 1'],
    ['messages.1.role', 'required; expected one of developer, system, user, assistant, tool, function'],
    ['stream', 'expected true or false; found 1'],
  ])
})

test('a schema that has been used often judges as before', () => {
  const bodies = [
    said({ role: 'user', content: 'x', name: 'n', vendor: { any: 'thing' } }),
    said({
      role: 'assistant',
      content: null,
      tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: '{}' } }],
    }),
    said({ role: 'user', content: 5 }),
    { ...said({ role: 'user', content: 'x' }), max_tokens: 1, max_completion_tokens: 2 },
    JSON.parse('{"model":"m","messages":[{"role":"user","content":"x","__proto__":{"role":5}}],"__proto__":1}'),
    undefined,
  ]
  const before = bodies.map((body) => validate(chatCompletionRequest, body))
  for (let use = 0; use < 1_000; use++) validate(chatCompletionRequest, bodies[0])
  const after = bodies.map((body) => validate(chatCompletionRequest, body))
  expect(after).toEqual(before)
  expect(after.map(({ ok }) => ok)).toEqual([true, true, false, false, true, false])
  for (const [index, result] of after.entries()) if (result.ok) expect(result.value).toBe(bodies[index])
})
