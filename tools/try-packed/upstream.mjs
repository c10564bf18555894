import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { isDragomanError } from '@dragoman/core'
import { createHttpClient, END, events } from '@dragoman/upstream'

const service = createServer((request, response) => {
  if (request.url !== '/v1/chat') return response.writeHead(429, { 'retry-after': '7' }).end('{}')
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  response.write('data: {"text":"Hel')
  setImmediate(() => response.end('lo"}\n\ndata: {"text":" there"}\n\ndata: [DONE]\n\n'))
})
await new Promise((resolve) => service.listen(0, '127.0.0.1', () => resolve(undefined)))
const { port } = /** @type {import('node:net').AddressInfo} */ (service.address())

const client = createHttpClient({ provider: 'acme', baseUrl: `http://127.0.0.1:${port}/v1` })
const call = { signal: new AbortController().signal }
const response = await client.post('/chat', { call, body: {}, accept: 'text/event-stream' })
const texts = []
for await (const text of events(response, ({ data }) => (data === '[DONE]' ? END : [JSON.parse(data).text]))) {
  texts.push(text)
}
assert.deepEqual(texts, ['Hello', ' there'])

await assert.rejects(client.post('/busy', { call, body: {} }), (error) => {
  assert.ok(isDragomanError(error))
  assert.equal(error.code, 'rate_limited')
  assert.equal(error.retryAfterMs, 7000)
  return true
})
await client.close()
service.close()
