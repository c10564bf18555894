import type { LogEntry } from '@dragoman/core'
import pino from 'pino'
import { expect, test } from 'vitest'
import { logRecord } from './log-access.ts'

const entry: LogEntry = {
  id: 'req_1',
  startedAt: 0,
  durationMs: 12,
  dialect: 'openai-chat',
  client: 'team',
  model: 'glm',
  streamed: false,
  status: 200,
  error: undefined,
  attempts: [],
  firstTokenMs: undefined,
  finishReason: undefined,
  usage: undefined,
  dropped: [],
}

function logged(given: Partial<LogEntry>): unknown {
  const lines: string[] = []
  logRecord(pino({ base: null }, { write: (line) => lines.push(line) }))({ ...entry, ...given })
  expect(lines).toHaveLength(1)
  expect(lines[0]).toMatch(/^[^\n]*\n$/)
  return JSON.parse(lines[0] ?? '')
}

const attempt = {
  provider: 'zai',
  model: 'glm-4.6',
  credential: 'a',
  startedAt: 0,
  durationMs: 10,
  upstreamStatus: 200,
  relayed: false,
  parsedBecause: 'the deployment has transforms',
  error: undefined,
}

test('the line tells how often a tool call was asked for, and that it was in vain', () => {
  const asked = { ...attempt, rounds: 3, toolEnforcement: 'exhausted' as const }
  expect(logged({ attempts: [asked] })).toMatchObject({ rounds: 3, toolEnforcement: 'exhausted' })
  expect(Object.keys(logged({ attempts: [attempt] }) as object)).not.toContain('rounds')
})

test('the line of a request that was served tells who served it, how it ended and what was used', () => {
  const usage = { prompt_tokens: 7, completion_tokens: 3, total_tokens: 10 }
  expect(logged({ attempts: [attempt], finishReason: 'stop', firstTokenMs: 5, usage })).toEqual({
    level: 30,
    time: expect.stringMatching(/^\d{4}-.*Z$/),
    id: 'req_1',
    client: 'team',
    model: 'glm',
    served: 'zai/glm-4.6',
    status: 200,
    ms: 12,
    firstTokenMs: 5,
    attempts: 1,
    parsed: 'the deployment has transforms',
    finishReason: 'stop',
    tokens: { prompt: 7, completion: 3 },
    msg: 'chat glm -> zai/glm-4.6 stop',
  })
})

test.each(['cache', 'idempotency'] as const)(
  'an answer that was given again is said to be, by the %s',
  (answeredBy) => {
    expect(logged({ answeredBy, finishReason: 'stop' })).toMatchObject({
      attempts: 0,
      answeredBy,
      msg: `chat glm -> ${answeredBy} stop`,
    })
  },
)

test('a failure is a warning with its code and message, unless the caller left', () => {
  const error = { code: 'upstream_timeout', message: 'said "no"\nand\\that' } as const
  expect(logged({ status: 504, error })).toMatchObject({
    level: 40,
    status: 504,
    error,
    msg: 'chat glm -> - upstream_timeout: said "no"\ufffdand\\that',
  })
  expect(logged({ status: 499, error: { code: 'aborted', message: 'The caller left' } })).toMatchObject({ level: 30 })
})

test.each([
  ['a quote', 'a"b', 'a"b'],
  ['a backslash', 'a\\b', 'a\\b'],
  ['a line break', 'a\nb', 'a\ufffdb'],
  ['a mark that turns the direction', 'a\u202eb', 'a\ufffdb'],
  ['letters of other scripts', '智谱', '智谱'],
  ['half of a surrogate pair', 'a\ud800b', 'a\ud800b'],
])('a name with %s stays one line of JSON', (_what, model, shown) => {
  expect(logged({ model })).toMatchObject({ model: shown, msg: expect.stringContaining(shown) })
})
