import assert from 'node:assert/strict'
import { toFetch } from '@dragoman/core'
import { zai } from '@dragoman/provider-zai'
import { zaiWeb } from '@dragoman/provider-zai/web'
import { askForGreeting, startChatService } from './fake-chat-service.mjs'

const service = await startChatService()
const provider = zai.create(zai.options.parse({ baseUrl: service.origin }))
await askForGreeting(toFetch(provider, { credential: { apiKey: 'sk-test' } }), 'glm-4.6')
await provider.close()
service.close()
assert.equal(zaiWeb.id, 'zai-web')
