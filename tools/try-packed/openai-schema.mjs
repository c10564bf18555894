import assert from 'node:assert/strict'
import { chatCompletionChunk, chatCompletionRequest, validate } from '@dragoman/openai-schema'

const request = { model: 'm', messages: [{ role: 'user', content: 'Hi' }], stream: true, enable_thinking: false }
const valid = validate(chatCompletionRequest, request)
assert.ok(valid.ok)
assert.equal(valid.value, request)

const wrong = validate(chatCompletionRequest, { model: 'm', messages: [{ role: 'robot' }] })
assert.ok(!wrong.ok)
assert.equal(wrong.issue.param, 'messages[0].role')

const choices = [{ index: 0, delta: { content: 'Hi', reasoning_content: '' }, finish_reason: null }]
chatCompletionChunk.parse({ id: '1', object: 'chat.completion.chunk', created: 0, model: 'm', choices })
