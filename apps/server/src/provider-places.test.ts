import { expect, test } from 'vitest'
import { providerTypes } from './compose.ts'
import { toJsonSchema } from './config/json-schema.ts'
import { optionNames, optionsSchema } from './config/provider-schema.ts'
import type { ProviderSettings } from './config/settings.ts'
import { originsIn, placesOf, saysWhere } from './provider-places.ts'

/** Options with texts in them that change what is said to a service, not where it is. */
const saysWhat = [
  ...['version', 'beta', 'models', 'modelOptions', 'defaultModel', 'headers', 'query', 'authHeader', 'endpoints'],
  ...['upstreamStream', 'responses', 'api', 'tokenLimitField', 'toolsWithoutReasoning', 'dropFields', 'extraBody'],
  ...['unsupported', 'routing', 'fallbackModels', 'modelSuffix', 'transforms', 'plugins', 'appTitle', 'appCategories'],
  ...['projectName', 'project', 'userProject', 'visionModels', 'thoughts', 'searchEngine', 'signingKey', 'timeZone'],
  ...['timezone', 'language', 'clientVersion', 'conversations', 'protocol', 'completionPath', 'agentId', 'appKey'],
  ...[
    'webVersion',
    'tools',
    'keepFields',
    'sendReasoningHistory',
    'conformant',
    'cacheMarks',
    'streamUsage',
    'developerRole',
  ],
]

test('of every option of every provider it is known whether it says where the service is', async () => {
  const unknown = await Promise.all(
    Object.entries(providerTypes).map(async ([type, load]) => {
      const factory = await load()
      const { properties = {} } = toJsonSchema(optionsSchema(factory))
      return optionNames(factory)
        .filter((name) => !/^(boolean|integer|number)$/.test(String(properties[name]?.type)))
        .filter((name) => !saysWhere(name) && !saysWhat.includes(name))
        .map((name) => `${type}: ${name}`)
    }),
  )
  expect(unknown.flat()).toEqual([])
})

const provider = (options: Record<string, unknown>, type = 'x') => ({ id: 'up', type, options }) as ProviderSettings
const none = { models: [] }
const base = { baseUrl: 'https://a.example/v1' }

test.each([
  ['its path', { baseUrl: 'https://a.example/v2' }, true],
  ['what is said to it', { ...base, headers: { 'x-a': '1' }, dropFields: ['seed'] }, true],
  ['its host', { baseUrl: 'https://b.example/v1' }, false],
  ['its port', { baseUrl: 'https://a.example:8443/v1' }, false],
  ['its scheme', { baseUrl: 'http://a.example/v1' }, false],
  ['one address more', { ...base, uploadBaseUrl: 'https://b.example' }, false],
  ['its region', { ...base, region: 'cn' }, false],
  ['its preset', { ...base, preset: 'groq' }, false],
])('with another one for %s it is the same place: %o, %s', (_what, options, isSame) => {
  expect(placesOf(provider(options), none)[0] === placesOf(provider(base), none)[0]).toBe(isSame)
})

test('the places of deployments count, once', () => {
  const deployments = ['https://a.example/v9', 'https://b.example', 'https://b.example/v1'].map((baseUrl) => ({
    provider: 'up',
    options: { baseUrl },
  }))
  const models = [
    { name: 'm', deployments: [...deployments, { provider: 'other', options: { baseUrl: 'https://c' } }] },
  ]
  expect(placesOf(provider(base), { models })).toHaveLength(2)
  expect(originsIn({ ...base, name: 'text', list: ['https://x.example'] })).toEqual(['https://a.example'])
})
