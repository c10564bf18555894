import assert from 'node:assert/strict'
import { toFetch } from '@dragoman/core'
import { openAICompatible, presets } from '@dragoman/provider-openai-compatible'
import { askForGreeting, startChatService } from './fake-chat-service.mjs'

const service = await startChatService()
const provider = openAICompatible.create({ baseUrl: service.origin })
await askForGreeting(toFetch(provider, { credential: { apiKey: 'sk-test' } }), 'm')
assert.ok('ollama' in presets)
await provider.close()
service.close()
