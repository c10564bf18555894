import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { toFetch } from '@dragoman/core'
import { k2think } from '@dragoman/provider-k2think'
import { k2thinkWeb } from '@dragoman/provider-k2think/web'

/** @param {object} delta @param {string | null} finish_reason */
const event = (delta, finish_reason) => {
  const head = { id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: 'K2-Think' }
  return `data: ${JSON.stringify({ ...head, choices: [{ index: 0, delta, finish_reason }] })}\n\n`
}
const service = createServer((request, response) => {
  assert.equal(request.headers.authorization, 'Bearer sk-test')
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  response.write(event({ role: 'assistant', content: 'Hello' }, null))
  response.end(`${event({ content: ' there' }, null)}${event({}, 'stop')}data: [DONE]\n\n`)
})
await new Promise((resolve) => service.listen(0, '127.0.0.1', () => resolve(undefined)))
const { port } = /** @type {import('node:net').AddressInfo} */ (service.address())

const provider = k2think.create(k2think.options.parse({ baseUrl: `http://127.0.0.1:${port}` }))
const response = await toFetch(provider, { credential: { apiKey: 'sk-test' } })('http://x/v1/chat/completions', {
  method: 'POST',
  body: JSON.stringify({ model: 'K2-Think', messages: [{ role: 'user', content: 'Hi' }], stream: true }),
})
const text = await response.text()
assert.match(text, /Hello/)
assert.match(text, /data: \[DONE\]/)
await provider.close()
service.close()
assert.equal(k2thinkWeb.id, 'k2think-web')
