import assert from 'node:assert/strict'
import { toFetch } from '@dragoman/core'
import { demo } from '@dragoman/provider-demo'

const response = await toFetch(demo.create({}))('http://in.process/v1/chat/completions', {
  method: 'POST',
  body: JSON.stringify({ model: 'demo', messages: [{ role: 'user', content: 'Hello' }], stream: true }),
})
assert.equal(response.status, 200)
const text = await response.text()
assert.match(text, /"content":"/)
assert.match(text, /"finish_reason":"stop"/)
assert.match(text, /data: \[DONE\]\n\n$/)
