import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { toFetch } from '@dragoman/core'
import { anthropic } from '@dragoman/provider-anthropic'
import { askForGreeting } from './fake-chat-service.mjs'

const usage = { input_tokens: 1, output_tokens: 2 }
const message = { id: 'msg_1', type: 'message', role: 'assistant', model: 'claude-sonnet-5', content: [], usage }
const say = (/** @type {string} */ text) => ({
  type: 'content_block_delta',
  index: 0,
  delta: { type: 'text_delta', text },
})
const events = [
  { type: 'message_start', message },
  { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
  say('Hello'),
  say(' there'),
  { type: 'content_block_stop', index: 0 },
  { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage },
  { type: 'message_stop' },
]
const service = createServer((request, response) => {
  assert.equal(request.headers['x-api-key'], 'sk-test')
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  response.end(events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join(''))
})
await new Promise((resolve) => service.listen(0, '127.0.0.1', () => resolve(undefined)))
const { port } = /** @type {import('node:net').AddressInfo} */ (service.address())

const provider = anthropic.create({ baseUrl: `http://127.0.0.1:${port}` })
await askForGreeting(toFetch(provider, { credential: { apiKey: 'sk-test' } }), 'claude-sonnet-5')
await provider.close()
service.close()
