import assert from 'node:assert/strict'
import { DragomanError } from '@dragoman/core'
import { createGateway, staticCredentials } from '@dragoman/gateway'

/** @type {import('@dragoman/core').Provider} */
const down = {
  id: 'down',
  // biome-ignore lint/correctness/useYield: it fails before it has anything to say
  async *chat() {
    throw new DragomanError('upstream_unavailable', 'Connection refused')
  },
  close: async () => {},
}
/** @type {import('@dragoman/core').Provider} */
const parrot = {
  id: 'parrot',
  async *chat({ messages, model }) {
    const head = /** @type {const} */ ({ id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 0, model })
    const content = `${model} heard: ${messages.at(-1)?.content}`
    yield { ...head, choices: [{ index: 0, delta: { content }, finish_reason: null }] }
    yield { ...head, choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] }
  },
  close: async () => {},
}

const entries = [down, parrot].map((provider) => ({ id: provider.id, provider, credentials: staticCredentials([]) }))
const gateway = createGateway({
  providers: entries,
  models: [{ name: 'bird', deployments: entries.map((entry) => ({ entry, model: 'polly' })) }],
})
const response = await gateway.fetch('http://in.process/v1/chat/completions', {
  method: 'POST',
  body: JSON.stringify({ model: 'bird', messages: [{ role: 'user', content: 'Hello' }], stream: true }),
})
assert.match(await response.text(), /"content":"polly heard: Hello".*"finish_reason":"stop".*data: \[DONE\]/s)
