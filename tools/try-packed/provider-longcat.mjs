import assert from 'node:assert/strict'
import { toFetch } from '@dragoman/core'
import { longcat } from '@dragoman/provider-longcat'
import { longcatWeb } from '@dragoman/provider-longcat/web'
import { askForGreeting, startChatService } from './fake-chat-service.mjs'

const service = await startChatService()
const provider = longcat.create(longcat.options.parse({ baseUrl: service.origin }))
await askForGreeting(toFetch(provider, { credential: { apiKey: 'sk-test' } }), 'LongCat-2.0')
await provider.close()
service.close()
assert.equal(longcatWeb.id, 'longcat-web')
