import assert from 'node:assert/strict'
import { DragomanError, isDragomanError, toFetch } from '@dragoman/core'

/** @type {import('@dragoman/core').Provider} */
const parrot = {
  id: 'parrot',
  async *chat({ messages, model }, { credential }) {
    if (credential.values.apiKey?.reveal() !== 'seed')
      throw new DragomanError('credential_rejected', 'No seed, no word')
    const head = /** @type {const} */ ({ id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 0, model })
    for (const content of ['You said: ', String(messages.at(-1)?.content)]) {
      yield { ...head, choices: [{ index: 0, delta: { content }, finish_reason: null }] }
    }
    yield { ...head, choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] }
  },
  close: async () => {},
}

/** @param {string} apiKey @param {boolean} stream */
const ask = (apiKey, stream) =>
  toFetch(parrot, { credential: { apiKey } })('http://in.process/v1/chat/completions', {
    method: 'POST',
    body: JSON.stringify({ model: 'polly', messages: [{ role: 'user', content: 'Hello' }], stream }),
  })

const streamed = await (await ask('seed', true)).text()
assert.match(streamed, /"content":"You said: ".*\n\n.*"content":"Hello".*"finish_reason":"stop".*\n\ndata: \[DONE\]/s)

const whole = await (await ask('seed', false)).json()
assert.equal(whole.choices[0].message.content, 'You said: Hello')

const refused = await ask('stone', true)
assert.equal(refused.status, 401)
assert.ok(isDragomanError(new DragomanError('internal', '')))
