import { expect, test } from 'vitest'
import { didYouMean, nearest } from './nearest.ts'

test.each([
  ['hots', ['port', 'host', 'hosts'], 'host'],
  ['prot', ['port', 'host'], 'port'],
  ['base_url', ['preset', 'baseUrl'], 'baseUrl'],
  ['APIKEY', ['apiKey'], 'apiKey'],
  ['model', ['models', 'provider'], 'models'],
  ['openai', ['demo', 'openai-compatible'], 'openai-compatible'],
  ['heartbeat', ['headersMs', 'heartbeatMs'], 'heartbeatMs'],
  ['warning', ['info', 'warn'], 'warn'],
  ['colour', ['level', 'format', 'access'], undefined],
  ['x', ['port', 'host'], undefined],
  ['', ['port'], undefined],
  ['x'.repeat(100_000), ['port'], undefined],
])('%s of %j means %s', (typed, candidates, expected) => {
  expect(nearest(typed, candidates)).toBe(expected)
})

test('a hint is said only where there is one', () => {
  expect(didYouMean('hots', ['host'])).toBe('; did you mean "host"?')
  expect(didYouMean('zzz', ['host'])).toBe('')
})
