import { expect, test } from 'vitest'
import { testFolder } from './test-folder.ts'

const { load, problems } = testFolder()
const served = 'deployments: [{ provider: demo }]'

test('a group with all that concerns where its requests go', async () => {
  const { defaultStrategy, models } = await load(`
defaultStrategy: least_busy
models:
  - name: glm
    aliases: [glm-latest]
    strategy: round_robin
    fallbacks: [kimi, demo/other, 'kimi:cheapest', 'kimi:low']
    onContextTooLong: kimi
    hedgeAfterMs: 2000
    continuesCutText: true
    deployments: [{ provider: demo, weight: 2.5 }, { provider: demo, model: other }]
  - { name: kimi, fallbacks: [glm], ${served} }
  - { name: kimi, variant: low, aliases: [glm-latest], ${served} }
`)
  expect(defaultStrategy).toBe('least-busy')
  expect(models[0]).toMatchObject({
    name: 'glm',
    aliases: ['glm-latest'],
    strategy: 'round-robin',
    fallbacks: ['kimi', 'demo/other', 'kimi:cheapest', 'kimi:low'],
    onContextTooLong: 'kimi',
    hedgeAfterMs: 2_000,
    continuesCutText: true,
    deployments: [{ weight: 2.5, options: undefined }, { model: 'other' }],
  })
})

test('without anything said, the first deployment is tried first', async () => {
  expect((await load('')).defaultStrategy).toBe('first')
})

test.each([
  ['{ name: a, aliases: [a], SERVED }', 'models[0].aliases[0]: the name of the group itself'],
  ['{ name: a, aliases: [b], SERVED }, { name: b, SERVED }', 'models[0].aliases[0]: the name of models[1]'],
  ['{ name: a, variant: v, aliases: [b], SERVED }, { name: b, SERVED }', 'models[0].aliases[0]: the name of models[1]'],
  [
    '{ name: a, aliases: [c, c], SERVED }, { name: b, aliases: [c], SERVED }',
    'models[0].aliases[1]: the same name as models[0].aliases[0]',
    'models[1].aliases[0]: the same name as models[0].aliases[0]',
  ],
  [
    '{ name: a-*, aliases: [b], SERVED }',
    'models[0].aliases: a name with a `*` has no other names: add a group of its own for them',
  ],
  ['{ name: a, aliases: [b*], SERVED }', 'models[0].aliases[0]: expected a name without `*`, found "b*"'],
  [
    '{ name: a, aliases: [b], fallbacks: [c, c, b], SERVED }, { name: c, SERVED }',
    'models[0].fallbacks[1]: the same name as models[0].fallbacks[0]',
    'models[0].fallbacks[2]: a group cannot stand in for itself: remove it',
  ],
  [
    '{ name: alpha, fallbacks: [alpah, other/x], SERVED }',
    'models[0].fallbacks[0]: no model group and no provider serves "alpah"; did you mean "alpha"?',
    'models[0].fallbacks[1]: no model group and no provider serves "other/x"; write <provider>/<model>, or add it to models',
  ],
  [
    '{ name: a, onContextTooLong: b, SERVED }, { name: b, onContextTooLong: a, SERVED }, { name: c, onContextTooLong: a, SERVED }',
    'models[0].onContextTooLong: a circle (a -> b -> a): a model with a longer context must end it',
    'models[1].onContextTooLong: a circle (b -> a -> b): a model with a longer context must end it',
  ],
  [
    '{ name: a, onContextTooLong: "a", SERVED }',
    'models[0].onContextTooLong: a circle (a -> a): a model with a longer context must end it',
  ],
  [
    '{ name: a, deployments: [{ provider: demo, weight: 0 }] }',
    'models[0].deployments[0].weight: expected a number above 0, found 0',
  ],
  [
    '{ name: a, strategy: fasttest, SERVED }',
    'models[0].strategy: expected one of "first", "round-robin", "random", "weighted", "least-busy", "fastest", "cheapest", "affinity", "round_robin", "least_busy", "weighted_random", found "fasttest"; did you mean "fastest"?',
  ],
])('%s is refused', async (models, ...expected) => {
  const found = await problems(`models: [${models.replaceAll('SERVED', served)}]`)
  expect(found.map((problem) => problem.replace(/^.*?1: /, ''))).toEqual(expected)
})
