import { collect } from '@dragoman/core'
import type { ChatCompletionChunk, ChatCompletionRequest } from '@dragoman/openai-schema'
import { everyTextCut } from '@dragoman/testkit'
import { expect, test } from 'vitest'
import { DetailsTags } from './details-tags.ts'
import { readAnswer } from './read-answer.ts'
import { callOf, question, weather } from './test-api.ts'

const request: ChatCompletionRequest = { ...question, tools: [weather], stop: ['END', 'ENOUGH'] }

async function read(pieces: readonly string[], finish: 'stop' | 'length' = 'stop') {
  const chunk = (delta: { content?: string }, finish_reason: 'stop' | 'length' | null): ChatCompletionChunk => {
    const choices = [{ index: 0, delta, finish_reason }]
    return { id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices }
  }
  async function* chunks() {
    for (const content of pieces) yield chunk({ content }, null)
    yield chunk({}, finish)
  }
  const { choices } = await collect(readAnswer(chunks(), request, { hidesReasoning: false }), request)
  const [{ message, finish_reason } = { message: undefined, finish_reason: '' }] = choices
  const call = message?.tool_calls?.[0]
  const called = call?.type === 'function' ? call.function.arguments : undefined
  return [message?.reasoning_content, message?.content, called, finish_reason]
}

const details = '<details type="reasoning" done="true" duration="3">\n<summary>Thought</summary>\n'

const texts: [text: string, ...expected: unknown[]][] = [
  ['<think>a</think><answer>b</answer>', 'a', 'b', undefined, 'stop'],
  ['a < b</think>\n\nb', 'a < b', 'b', undefined, 'stop'],
  ['<think>a', 'a', '', undefined, 'stop'],
  ['<think>a</think><answer>b', 'a', 'b', undefined, 'stop'],
  ['<answer>b</answer>', undefined, 'b', undefined, 'stop'],
  ['<think>a</think>x <answer>b</answer> y', 'a', 'x <answer>b</answer> y', undefined, 'stop'],
  ['<think>a</think><answer>One <answer> and </answer></answer>', 'a', 'One <answer> and </answer>', undefined, 'stop'],
  [`${details}> 1 < 2\n>\n> > 3\n</details>\n<answer>b</answer>`, '1 < 2\n\n> 3', 'b', undefined, 'stop'],
  [`${details}> a</details>b`, 'a', 'b', undefined, 'stop'],
  [
    '<details>\n<summary>More</summary>\n</details></think>b',
    '<details>\n<summary>More</summary>\n</details>',
    'b',
    undefined,
    'stop',
  ],
  [`a\n${callOf('Paris')}\n</think>${callOf('Oslo')}`, `a\n${callOf('Paris')}`, null, '{"city": "Oslo"}', 'tool_calls'],
  ['a END</think>EN route ENOUGH, END', 'a END', 'EN route ', undefined, 'stop'],
  ['a</think>It is the E', 'a', 'It is the E', undefined, 'stop'],
]

test.each(texts)('%j is read the same, wherever it is cut', async (text, ...expected) => {
  expect(await read([text])).toEqual(expected)
  expect(await read([...text])).toEqual(expected)
  for (const pieces of everyTextCut(text)) expect(await read(pieces), JSON.stringify(pieces)).toEqual(expected)
})

test('an answer that its limit ends inside the reasoning has no content', async () => {
  expect(await read(['<think>a'], 'length')).toEqual(['a', '', undefined, 'length'])
})

test.each(texts)('the rewritten text of a snapshot of %j only grows with it', (text) => {
  const whole = new DetailsTags().push(text)
  for (let length = 0; length <= text.length; length++) {
    expect(whole.startsWith(new DetailsTags().push(text.slice(0, length))), text.slice(0, length)).toBe(true)
  }
})
