import assert from 'node:assert/strict'
import { messagesClient, messagesUpstream } from '@dragoman/dialects/anthropic-messages'
import { responsesClient, responsesUpstream } from '@dragoman/dialects/openai-responses'

const head = /** @type {const} */ ({ id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: 'm' })
const says = (/** @type {string} */ content) => ({
  ...head,
  choices: [{ index: 0, delta: { content }, finish_reason: null }],
})
const finish_reason = /** @type {const} */ ('stop')
const usage = { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 }
const chunks = [says('Hello'), says(' there'), { ...head, choices: [{ index: 0, delta: {}, finish_reason }], usage }]

/** @type {[import('@dragoman/dialects').ClientDialect, import('@dragoman/dialects').UpstreamDialect<any>, object][]} */
const dialects = [
  [responsesClient, responsesUpstream, { model: 'm', input: 'Hi', stream: true }],
  [
    messagesClient,
    messagesUpstream,
    { model: 'm', max_tokens: 9, messages: [{ role: 'user', content: 'Hi' }], stream: true },
  ],
]
for (const [client, upstream, body] of dialects) {
  // What a client is told, read as an upstream that speaks the same dialect says it.
  const { chat, encoder } = client.readRequest(body)
  assert.deepEqual(chat.messages, [{ role: 'user', content: 'Hi' }])
  const writer = encoder()
  const frames = chunks.map((chunk) => writer.chunk(chunk)).join('') + writer.end()
  const reader = upstream.writeRequest(chat).reader()
  const events = [...frames.matchAll(/^data: (\{.*)$/gm)].map(([, json = '']) => JSON.parse(json))
  const answer = [...events.flatMap((event) => reader.push(event)), ...reader.end()]
  assert.equal(answer.map(({ choices: [choice] }) => choice?.delta.content ?? '').join(''), 'Hello there')
  assert.equal(answer.find(({ choices: [choice] }) => choice?.finish_reason)?.choices[0]?.finish_reason, 'stop')
}
