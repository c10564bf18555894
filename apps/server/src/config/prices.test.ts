import { expect, test } from 'vitest'
import { testFolder } from './test-folder.ts'

const { load, problems } = testFolder()

const provider = 'providers: { a: { type: demo } }\n'
const priced = (prices: string) => `${provider}prices: ${prices}`

test('prices are read as they are written', async () => {
  const yaml = `${provider}prices:
  a/*: { input: 0, output: 0 }
  a/big: { input: 1, output: 2, cacheRead: 0.1, image: 0.04, tiers: [{ above: 200000, input: 2 }] }
models:
  - name: m
    deployments: [{ provider: a, model: x, price: { input: 3, output: 4 } }]
`
  const settings = await load(yaml)
  expect(settings.prices).toEqual({
    'a/*': { input: 0, output: 0 },
    'a/big': { input: 1, output: 2, cacheRead: 0.1, image: 0.04, tiers: [{ above: 200_000, input: 2 }] },
  })
  expect(settings.models[0]?.deployments).toMatchObject([{ price: { input: 3, output: 4 } }])
  expect(settings.models[0]?.deployments[0]?.options).toBeUndefined()
})

const form = 'expected <provider>/<model>, with no `*` but one at its end'

test.each([
  ['another provider', '{ b/x: { input: 1, output: 1 } }', '["b/x"]: no provider has the id b; did you mean "a"?'],
  ['no model', '{ a: { input: 1, output: 1 } }', `.a: ${form}`],
  ['a star in the middle', '{ "a/*-mini": { input: 1, output: 1 } }', `["a/*-mini"]: ${form}`],
  ['half a price', '{ a/x: { input: 1 } }', '["a/x"].output: expected a number of at least 0, found nothing'],
  [
    'less than nothing',
    '{ a/x: { input: -1, output: 1 } }',
    '["a/x"].input: expected a number of at least 0, found -1',
  ],
  [
    'a word of its own',
    '{ a/x: { input: 1, output: 1, cached: 1 } }',
    '["a/x"].cached: unknown key; did you mean "cacheRead"?',
  ],
])('%s is refused', async (_, prices, problem) => {
  expect(await problems(priced(prices))).toEqual([`dragoman.yaml:2: prices${problem}`])
})
