import { describe, expect, test } from 'vitest'
import { fakeFactories } from './fake-factories.ts'
import { testFolder } from './test-folder.ts'

const { load, problems } = testFolder()

const provider = `providers: { up: { type: openai-compatible, baseUrl: 'https://up.example/v1' } }`
const model = (deployment: string) =>
  `${provider}\nmodels: [{ name: m, deployments: [{ provider: up, ${deployment} }] }]`

describe('deployments', () => {
  test.each<[string, object]>([
    ['ensureToolCall: true', { ensureToolCall: true }],
    ['ensureToolCall: false', { ensureToolCall: false }],
    ['ensureToolCall: { attempts: 5 }', { ensureToolCall: { attempts: 5 } }],
    [
      'ensureToolCall: { finishedBy: [TodoWrite], answerFinished: true }',
      { ensureToolCall: { finishedBy: ['TodoWrite'], answerFinished: true } },
    ],
    ['promptTools: true', { promptTools: true }],
    ['normalize: off', { ensureToolCall: undefined, promptTools: undefined }],
  ])('may say %s, which is no option of its provider', async (deployment, expected) => {
    const { models } = await load(model(deployment))
    expect(models[0]?.deployments[0]).toMatchObject({ ...expected, options: undefined })
  })

  test.each([
    ['ensureToolCall: { attempts: 6 }', /ensureToolCall.*attempts/],
    ['ensureToolCall: { attempts: 0 }', /ensureToolCall.*attempts/],
    ['ensureToolCall: yes please', /ensureToolCall/],
    ['ensure_tool_call: true', /ensure_tool_call.*ensureToolCall/],
    ['promptTools: prompted', /promptTools/],
  ])('may not say %s', async (deployment, words) => {
    expect(await problems(model(deployment))).toEqual([expect.stringMatching(words)])
  })

  test('of a provider that prompts tools itself set its own option', async () => {
    const { k2thinkWeb } = await import('@dragoman/provider-k2think/web')
    const factories = { ...fakeFactories, 'k2think-web': async () => k2thinkWeb }
    const yaml = `
providers: { k2: { type: k2think-web, credentials: [{ email: a@b.example, password: p4ss-w0rd-8841 }] } }
models: [{ name: m, deployments: [{ provider: k2, promptTools: false }] }]`
    const { models } = await load(yaml, { factories })
    expect(models[0]?.deployments[0]).toMatchObject({ promptTools: undefined, options: { promptTools: false } })
  })
})

test('how a tool call is insisted on may be said for all', async () => {
  expect((await load(provider)).ensureToolCall).toEqual({})
  const said = { attempts: 4, finishedBy: ['TodoWrite'], answerFinished: true }
  expect((await load(`${provider}\nensureToolCall: ${JSON.stringify(said)}`)).ensureToolCall).toEqual(said)
})

describe('ENSURE_TOOL_CALL_MAX_ATTEMPTS', () => {
  test.each([
    ['1', 1],
    ['4', 4],
    ['2.9', 2],
    ['0', 1],
    ['9', 5],
  ])('%s makes %s calls', async (text, attempts) => {
    const settings = await load(provider, { env: { ENSURE_TOOL_CALL_MAX_ATTEMPTS: text } })
    expect([settings.ensureToolCall, settings.notices]).toEqual([{ attempts }, expect.anything()])
  })

  test('is beaten by the file', async () => {
    const env = { ENSURE_TOOL_CALL_MAX_ATTEMPTS: '5' }
    expect((await load(`${provider}\nensureToolCall: { attempts: 2 }`, { env })).ensureToolCall).toEqual({
      attempts: 2,
    })
  })

  test('is a number', async () => {
    expect(await problems(provider, { env: { ENSURE_TOOL_CALL_MAX_ATTEMPTS: 'many' } })).toEqual([
      'ENSURE_TOOL_CALL_MAX_ATTEMPTS: expected a number from 1 to 5, found "many"',
    ])
  })
})
