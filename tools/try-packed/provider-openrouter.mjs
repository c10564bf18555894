import { toFetch } from '@dragoman/core'
import { openrouter } from '@dragoman/provider-openrouter'
import { askForGreeting, startChatService } from './fake-chat-service.mjs'

const service = await startChatService()
const provider = openrouter.create(openrouter.options.parse({ baseUrl: service.origin }))
await askForGreeting(toFetch(provider, { credential: { apiKey: 'sk-test' } }), 'openai/gpt-5')
await provider.close()
service.close()
