import { expect, test } from 'vitest'
import { testFolder } from './test-folder.ts'

const { load, problems } = testFolder()

const provider = `providers: { up: { type: openai-compatible, baseUrl: 'https://up.example/v1' } }`
const model = (group: string) => `${provider}\nmodels: [{ name: m, deployments: [{ provider: up }], ${group} }]`

test.each([
  ['cache: {}', { ttlMs: 600_000 }],
  ['cache: { exact: true, ttlMs: 5000 }', { ttlMs: 5_000 }],
  ['variant: fast', undefined],
])('a model group may say %s', async (group, cache) => {
  expect((await load(model(group))).models[0]?.cache).toEqual(cache)
})

test.each([
  ['cache: { exact: false }', /models\[0\]\.cache\.exact/],
  ['cache: { ttlMs: 0 }', /models\[0\]\.cache\.ttlMs/],
  ['cache: { ttl: 5 }', /models\[0\]\.cache.*ttlMs/],
])('it may not say %s', async (group, words) => {
  expect(await problems(model(group))).toEqual([expect.stringMatching(words)])
})
