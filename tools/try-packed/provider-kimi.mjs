import assert from 'node:assert/strict'
import { toFetch } from '@dragoman/core'
import { kimi } from '@dragoman/provider-kimi'
import { kimiNonce } from '@dragoman/provider-kimi/nonce'
import { kimiWeb } from '@dragoman/provider-kimi/web'
import { askForGreeting, startChatService } from './fake-chat-service.mjs'

const service = await startChatService()
const provider = kimi.create(kimi.options.parse({ baseUrl: service.origin }))
await askForGreeting(toFetch(provider, { credential: { apiKey: 'sk-test' } }), 'kimi-k2-turbo-preview')
await provider.close()
service.close()
assert.equal(kimiNonce.id, 'kimi-nonce')
assert.equal(kimiWeb.id, 'kimi-web')
