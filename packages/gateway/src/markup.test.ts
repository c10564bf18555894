import type { Provider } from '@dragoman/core'
import { chatChunks, tokens } from '@dragoman/testkit'
import { expect, test } from 'vitest'
import type { Target } from './deployments.ts'
import { createGateway } from './gateway.ts'
import { type Normalize, TargetMarkup } from './markup.ts'
import { staticCredentials } from './static-credentials.ts'
import { gatewayOf, noSignal } from './test-one-provider.ts'

const request = { model: 'm', messages: [] }

function provider(separatesReasoning?: Provider['separatesReasoning'], readsMarkup?: boolean): Provider {
  return { id: 'up', separatesReasoning, readsMarkup, async *chat() {}, close: async () => {} }
}

interface Seen {
  own?: Normalize
  entry?: Normalize
  separates?: Provider['separatesReasoning']
  reads?: boolean
}

function seen(model: string, how: Seen = {}) {
  const entry = {
    id: 'up',
    provider: provider(how.separates, how.reads),
    credentials: staticCredentials([]),
    normalize: how.entry,
  }
  const target: Target = { entry, model, normalize: how.own }
  const found = new TargetMarkup().of(target, request)
  return found && [found.format.name, found.startsIn, found.repairToolNames]
}

test.each<[string, string, Parameters<typeof seen>[1], unknown]>([
  ['a model that is known to write none', 'gpt-6-luna', {}, undefined],
  ['a known model', 'Kimi-K2-Instruct', {}, ['kimi_k2', 'text', 'schema']],
  ['one whose template opens the reasoning', 'kimi-k2-thinking', {}, ['kimi_k2', 'reasoning', 'schema']],
  ['the same where the service separates it', 'kimi-k2-thinking', { separates: true }, ['kimi_k2', 'text', 'schema']],
  ['the same where it mostly does', 'kimi-k2-thinking', { separates: 'mostly' }, ['kimi_k2', 'auto', 'schema']],
  ['one that opens none, there', 'Kimi-K2-Instruct', { separates: 'mostly' }, ['kimi_k2', 'text', 'schema']],
  ['one whose provider reads it itself', 'kimi-k2-thinking', { reads: true }, undefined],
  ['the same where the operator says otherwise', 'm', { reads: true, own: 'hermes' }, ['hermes', 'text', undefined]],
  ['a format by name', 'weights-7', { own: 'hermes' }, ['hermes', 'text', undefined]],
  ['a format and where the text starts', 'w', { own: { format: 'glm', startsIn: 'auto' } }, ['glm', 'auto', undefined]],
  ["the provider's word", 'weights-7', { entry: 'hermes' }, ['hermes', 'text', undefined]],
  ["the deployment's, over its provider's", 'weights-7', { entry: 'hermes', own: 'glm' }, ['glm', 'text', undefined]],
  ['off', 'kimi-k2', { own: 'off' }, undefined],
])('%s', (_what, model, how, expected) => {
  expect(seen(model, how)).toEqual(expected)
})

test('a format that there is not is refused at once', () => {
  const entry = { id: 'up', provider: provider(), credentials: staticCredentials([]), normalize: 'hermse' }
  expect(() => createGateway({ providers: [entry] })).toThrow('There is no markup format hermse')
})

test('behind a service that mostly separates reasoning, thoughts that stand in the text become reasoning', async () => {
  const mostly = (answer: Parameters<typeof chatChunks>[0]): Provider => ({
    id: 'up',
    separatesReasoning: 'mostly',
    async *chat() {
      yield* chatChunks({ ...answer, usage: tokens(1, 2) })
    },
    close: async () => {},
  })
  const ask = async (provider: Provider) => {
    const { gateway } = gatewayOf([provider], { up: 'kimi-k2-thinking' })
    const answer = await gateway.chat({ model: 'up', messages: [{ role: 'user', content: 'x' }] }, { signal: noSignal })
    await gateway.close()
    const message = answer.kind === 'completion' ? answer.completion.choices[0]?.message : undefined
    return [message?.reasoning_content, message?.content]
  }
  expect(await ask(mostly({ text: ['Simple.', '</thi', 'nk>It is 4.'] }))).toEqual(['Simple.', 'It is 4.'])
  // What is separated already leaves the text alone.
  const said = { reasoning: 'Simple.', text: ['A </think> ', 'ends it.'] }
  expect(await ask(mostly(said))).toEqual(['Simple.', 'A </think> ends it.'])
  expect(await ask(mostly({ text: ['It is 4.'] }))).toEqual([undefined, 'It is 4.'])
})
