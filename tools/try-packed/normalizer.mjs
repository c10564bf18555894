import assert from 'node:assert/strict'
import { createMarkupParser, formatByName, normalizeCompletion } from '@dragoman/normalizer'
import { kimiK2 } from '@dragoman/normalizer/formats/kimi-k2'

const text =
  'Let me see.<|tool_call_begin|>functions.lookup:0<|tool_call_argument_begin|>{"term": "express"}<|tool_call_end|>'

const parser = createMarkupParser({ format: kimiK2 })
const events = [...parser.push(text.slice(0, 30)), ...parser.push(text.slice(30)), ...parser.end('stop')]
assert.deepEqual(events, [
  { type: 'content', text: 'Let me see.' },
  { type: 'tool-call', index: 0, id: 'functions.lookup:0', name: 'lookup' },
  { type: 'tool-arguments', index: 0, text: '{"term": "express"}' },
  { type: 'tool-call-end', index: 0, state: 'complete' },
])

assert.equal(formatByName('kimi_k2'), kimiK2)
const completion = { choices: [{ index: 0, message: { content: text }, finish_reason: 'stop' }] }
const [choice] = normalizeCompletion(completion, { format: kimiK2 }).choices
assert.equal(choice?.finish_reason, 'tool_calls')
assert.equal(choice?.message.content, 'Let me see.')
