import assert from 'node:assert/strict'
import { toFetch } from '@dragoman/core'
import { orionWeb } from '@dragoman/provider-orion'

assert.equal(orionWeb.id, 'orion-web')
assert.equal(orionWeb.credential.safeParse({}).success, false)
const provider = orionWeb.create(orionWeb.options.parse({}))
// Refused before any call.
const response = await toFetch(provider, { credential: { token: 'a-token-of-mine' } })('http://x/v1/chat/completions', {
  method: 'POST',
  body: JSON.stringify({ model: 'none', n: 2, messages: [{ role: 'user', content: 'Hi' }] }),
})
assert.equal(response.status, 400)
await provider.close()
