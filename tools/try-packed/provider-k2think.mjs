import assert from 'node:assert/strict'
import { toFetch } from '@dragoman/core'
import { k2think } from '@dragoman/provider-k2think'
import { k2thinkWeb } from '@dragoman/provider-k2think/web'
import { askForGreeting, startChatService } from './fake-chat-service.mjs'

const service = await startChatService()
const provider = k2think.create(k2think.options.parse({ baseUrl: service.origin }))
await askForGreeting(toFetch(provider, { credential: { apiKey: 'sk-test' } }), 'K2-Think')
await provider.close()
service.close()
assert.equal(k2thinkWeb.id, 'k2think-web')
