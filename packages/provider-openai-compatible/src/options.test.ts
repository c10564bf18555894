import { expect, test } from 'vitest'
import { z } from 'zod'
import { credential, options, resolve } from './options.ts'

test.each([
  ['http://127.0.0.1:8000', 'http://127.0.0.1:8000/v1'],
  ['http://127.0.0.1:8000/', 'http://127.0.0.1:8000/v1'],
  ['http://127.0.0.1:8000/v1', 'http://127.0.0.1:8000/v1'],
  ['http://127.0.0.1:8000/v1/', 'http://127.0.0.1:8000/v1'],
  ['https://example.com/api/openai//', 'https://example.com/api/openai'],
])('the base URL %s is %s', (baseUrl, expected) => {
  expect(resolve({ baseUrl }).baseUrl).toBe(expected)
})

test('the address of a preset is taken as it is, and an option beats it', () => {
  expect(resolve({ preset: 'perplexity' }).baseUrl).toBe('https://api.perplexity.ai')
  expect(resolve({ preset: 'ollama', baseUrl: 'http://10.0.0.5:11434' }).baseUrl).toBe('http://10.0.0.5:11434/v1')
})

test('settings of the options beat those of the preset; lists add to them', () => {
  const settings = resolve({
    preset: 'groq',
    sendReasoningHistory: true,
    tokenLimitField: 'asSent',
    dropFields: ['seed'],
    unsupported: ['images'],
  })
  expect(settings).toMatchObject({ sendReasoningHistory: true, tokenLimitField: 'asSent' })
  expect(settings.dropFields).toEqual(expect.arrayContaining(['logit_bias', 'messages[].name', 'seed']))
  expect(settings.unsupported).toEqual(['n', 'logprobs', 'images'])
})

test('query parameters are escaped', () => {
  expect(resolve({ baseUrl: 'http://127.0.0.1', query: { 'api-version': 'a b' } }).search).toBe('?api-version=a+b')
})

test.each([
  [{}, 'baseUrl'],
  [{ preset: 'azure' }, 'baseUrl'],
  [{ preset: 'nobody' }, 'preset'],
  [{ baseUrl: 'ftp://example.com' }, 'baseUrl'],
  [{ baseUrl: 'example.com/v1' }, 'baseUrl'],
  [{ baseUrl: 'https://me:hunter2@example.com/v1' }, 'baseUrl'],
  [{ baseUrl: 'https://example.com/v1?key=hunter2' }, 'baseUrl'],
  [{ preset: 'groq', temprature: 1 }, 'temprature'],
])('options %j are refused by name, without their values', (given, named) => {
  const refusal = expect.objectContaining({ code: 'invalid_request', message: expect.stringContaining(named) })
  // biome-ignore lint/suspicious/noExplicitAny: what an importer without types may pass.
  expect(() => resolve(given as any)).toThrowError(refusal)
  expect(JSON.stringify(options.safeParse(given).error)).not.toContain('hunter2')
})

test('every option and credential has a description that reaches the JSON Schema', () => {
  for (const schema of [options, credential]) {
    const { properties = {}, additionalProperties } = z.toJSONSchema(schema, { io: 'input' })
    expect(additionalProperties).toBe(false)
    expect(Object.keys(properties).length).toBeGreaterThan(0)
    for (const [name, property] of Object.entries(properties)) {
      expect(property, name).toHaveProperty('description', expect.stringMatching(/\.$/))
    }
  }
})
