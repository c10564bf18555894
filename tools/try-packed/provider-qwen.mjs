import assert from 'node:assert/strict'
import { toFetch } from '@dragoman/core'
import { qwen } from '@dragoman/provider-qwen'
import { qwenWeb } from '@dragoman/provider-qwen/web'
import { askForGreeting, startChatService } from './fake-chat-service.mjs'

const service = await startChatService()
const provider = qwen.create(qwen.options.parse({ baseUrl: service.origin }))
await askForGreeting(toFetch(provider, { credential: { apiKey: 'sk-test' } }), 'qwen-max')
await provider.close()
service.close()
assert.equal(qwenWeb.id, 'qwen-web')
