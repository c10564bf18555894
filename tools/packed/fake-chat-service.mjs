// @ts-check
// Stands beside the programs of tools/try-packed, for packages that call a service of OpenAI's form.
import assert from 'node:assert/strict'
import { createServer } from 'node:http'

/** A service on loopback that streams `Hello there` to whoever brings the key `sk-test`. */
export async function startChatService() {
  const event = (/** @type {object} */ delta, /** @type {string | null} */ finish_reason) => {
    const head = { id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: 'm' }
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
  return { origin: `http://127.0.0.1:${port}`, close: () => service.close() }
}

/**
 * Asks it through a provider, and sees that the answer comes.
 *
 * @param {(url: string, init: { method: string, body: string }) => Promise<Response>} fetch
 * @param {string} model
 */
export async function askForGreeting(fetch, model) {
  const response = await fetch('http://x/v1/chat/completions', {
    method: 'POST',
    body: JSON.stringify({ model, messages: [{ role: 'user', content: 'Hi' }], stream: true }),
  })
  assert.match(await response.text(), /Hello.*there.*"finish_reason":"stop".*data: \[DONE\]/s)
}
