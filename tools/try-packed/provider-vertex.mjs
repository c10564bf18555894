import { toFetch } from '@dragoman/core'
import { vertex } from '@dragoman/provider-vertex'
import { askForGreeting, startChatService } from './fake-chat-service.mjs'

const service = await startChatService()
const provider = vertex.create(vertex.options.parse({ endpoint: `${service.origin}/v1`, project: 'my-project-1' }))
await askForGreeting(toFetch(provider, { credential: { accessToken: 'sk-test' } }), 'gemini-2.5-flash')
await provider.close()
service.close()
