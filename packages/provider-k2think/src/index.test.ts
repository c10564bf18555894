import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { collect, credential, memoryState } from '@dragoman/core'
import { eventStream, gate, jsonReply, sse, stall, testProvider, tokens } from '@dragoman/testkit'
import { streamText } from 'ai'
import { expect, test } from 'vitest'
import { k2think } from './index.ts'
import { callOf, chunk, detail, question, startApi, streamed, weather } from './test-api.ts'

testProvider(k2think, new URL('../fixtures/api/', import.meta.url), { ordinary: 'inline-reasoning' })

test('covers k2think text: the OpenAI SDK gets the answer without what was thought', async () => {
  await using api = await startApi()
  api.answer(streamed(['2+2 is 4.</think>', '<answer>It is 4.</answer>']))
  const { choices } = await api.client.chat.completions.create(question)
  expect(choices[0]).toMatchObject({ message: { content: 'It is 4.' }, finish_reason: 'stop' })
})

test('covers k2think stream: a piece reaches the client before the next one is written', async () => {
  await using api = await startApi()
  const middle = gate()
  api.answer(streamed(['Hm.</think>One, ', middle, 'two.']))
  let text = ''
  for await (const { choices } of await api.client.chat.completions.create({ ...question, stream: true })) {
    text += choices[0]?.delta.content ?? ''
    if (text === 'One,') middle.open()
  }
  expect(text).toBe('One, two.')
})

test('covers k2think reasoning: the AI SDK streams reasoning and text apart', async () => {
  await using api = await startApi()
  api.answer(streamed(['<think>2+2', ' is 4.</th', 'ink>It is 4.']))
  const model = createOpenAICompatible({ name: 'k2', baseURL: 'http://in.process/v1', fetch: api.fetch })('K2-Think')
  const result = streamText({ model, prompt: 'What is 2+2?' })
  expect(await result.text).toBe('It is 4.')
  expect(await result.reasoningText).toBe('2+2 is 4.')
})

test.each([true, false])('covers k2think tools: the OpenAI SDK makes a round trip (stream: %s)', async (stream) => {
  await using api = await startApi()
  api.answer(streamed([`Call it.</think>${callOf('Lisbon')}`]), streamed(['Warm.</think>It is ', '21 degrees.']))
  const tools = [{ ...weather, function: { ...weather.function, parse: JSON.parse, function: () => '21 degrees' } }]
  const asked = { ...question, tools }
  const runner = stream
    ? api.client.chat.completions.runTools({ ...asked, stream })
    : api.client.chat.completions.runTools({ ...asked, stream })
  expect(await runner.finalContent()).toBe('It is 21 degrees.')
  const { messages } = (await api.upstream.received(2)).json
  expect(messages.map(({ role }: { role: string }) => role)).toEqual(['system', 'user', 'assistant', 'user'])
  expect(messages[3].content).toContain('21 degrees')
})

test('covers k2think files: a text file goes into the message under its name', async () => {
  await using api = await startApi()
  api.answer(streamed(['Hm.</think>Yes.']))
  const file = { filename: 'notes.md', file_data: `data:text/markdown;base64,${btoa('# Buy milk')}` }
  const content = [
    { type: 'text' as const, text: 'What is to buy?' },
    { type: 'file' as const, file },
  ]
  await api.client.chat.completions.create({ ...question, messages: [{ role: 'user', content }] })
  expect((await api.upstream.received(1)).json.messages).toEqual([
    { role: 'user', content: 'What is to buy?\n<file name="notes.md">\n# Buy milk\n</file>' },
  ])
})

test('a file whose bytes are no text is a 400, whatever it is called, and nothing is sent', async () => {
  await using api = await startApi()
  const file = { filename: 'a.txt', file_data: `data:text/plain;base64,${btoa('%PDF-1.7 x')}` }
  const messages = [{ role: 'user' as const, content: [{ type: 'file' as const, file }] }]
  const failed = api.client.chat.completions.create({ ...question, messages, tools: [weather] })
  await expect(failed).rejects.toMatchObject({ status: 400, param: 'messages[0].content[0]' })
  expect(api.upstream.requests).toHaveLength(0)
})

test('a setting that the API is not known to take is left out and named, one that asks for nothing is not', async () => {
  await using api = await startApi()
  api.answer(streamed(['Hm.</think>Yes.']))
  const idle = { n: 1, logprobs: false, response_format: { type: 'text' as const } }
  const lost = { top_p: 0.9, seed: 7, user: 'me', metadata: {} }
  const asked = {
    ...question,
    ...idle,
    ...lost,
    temperature: 0.5,
    max_completion_tokens: 9,
    reasoning_effort: 'low' as const,
  }
  expect(api.provider.accepts?.(asked)).toEqual({ dropped: Object.keys(lost), refused: undefined })
  await api.client.chat.completions.create(asked)
  const { messages, stream, stream_options, model, ...sent } = (await api.upstream.received(1)).json
  expect(sent).toEqual({ temperature: 0.5, max_tokens: 9, reasoning_effort: 'low' })
})

test('covers k2think usage: what a stream reports is handed on', async () => {
  await using api = await startApi()
  api.answer(
    eventStream(sse(chunk({ content: 'a</think>b' }), chunk({}, 'stop'), { choices: [], usage: tokens(9, 14) })),
  )
  const { usage } = await api.client.chat.completions.create(question)
  expect(usage).toEqual(tokens(9, 14))
  expect((await api.upstream.received(1)).json.stream_options).toEqual({ include_usage: true })
})

test('a service that refuses stream_options is asked once more without, and later so at once', async () => {
  await using api = await startApi()
  api.answer(detail('Unknown field stream_options'), streamed(['a</think>b']), streamed(['a</think>b']))
  await api.client.chat.completions.create(question)
  await api.client.chat.completions.create(question)
  const asked = api.upstream.requests.map(({ json }) => 'stream_options' in json)
  expect(asked).toEqual([true, false, false])
})

test('covers k2think errors: a refused key is a 401, FastAPI words and all', async () => {
  await using api = await startApi()
  const wrong = credential({ apiKey: 'ifm-another-key-9876543210' })
  const call = { credential: wrong, signal: new AbortController().signal, state: memoryState() }
  const failed = collect(api.provider.chat(question, call), question)
  await expect(failed).rejects.toMatchObject({ code: 'credential_rejected', origin: 'upstream' })
  await expect(failed).rejects.toThrow(/Invalid API key/)
})

test('any other 400 is sent once', async () => {
  await using api = await startApi()
  api.answer(detail('temperature is too hot'))
  await expect(api.client.chat.completions.create(question)).rejects.toThrow(/too hot/)
  expect(api.upstream.requests).toHaveLength(1)
})

test('the founding names lead to the current model, and -nothink hides what it thinks', async () => {
  await using api = await startApi()
  for (const model of ['MBZUAI-IFM/K2-Think', 'k2-think', 'MBZUAI-IFM/K2-Think-nothink', 'K2-Think-v2-nothink']) {
    api.answer(streamed(['Hm.', '</think>', 'Yes.']))
    const { choices } = await collect(api.chunks({ model }), { ...question, model })
    const hides = model.endsWith('-nothink')
    expect(choices[0]?.message).toMatchObject({ content: 'Yes.' })
    expect(choices[0]?.message.reasoning_content).toBe(hides ? undefined : 'Hm.')
  }
})

test('the list has the founding names', async () => {
  await using api = await startApi({ models: ['MBZUAI-IFM/K3-Think'] })
  const ids: string[] = []
  for await (const { id } of api.client.models.list()) ids.push(id)
  expect(ids).toEqual(expect.arrayContaining(['MBZUAI-IFM/K2-Think', 'K2-Think', 'MBZUAI-IFM/K2-Think-nothink']))
  expect(ids).toContain('MBZUAI-IFM/K3-Think')
  expect(api.upstream.requests).toHaveLength(0)
})

test('an unknown model is a 404 before any call', async () => {
  await using api = await startApi()
  const failed = api.client.chat.completions.create({ ...question, model: 'gpt-9' })
  await expect(failed).rejects.toMatchObject({ status: 404, code: 'model_not_found', param: 'model' })
  expect(api.upstream.requests).toHaveLength(0)
})

test('a stop sequence ends the answer, not the reasoning, and leaves the upstream', async () => {
  await using api = await startApi()
  api.answer(streamed(['One END.</think>Two E', 'ND three', stall()]))
  const answer = await api.client.chat.completions.create({ ...question, stop: ['END'] })
  expect(answer.choices[0]).toMatchObject({ message: { content: 'Two ', reasoning_content: 'One END.' } })
  expect(answer.choices[0]?.finish_reason).toBe('stop')
  const sent = await api.upstream.received(1)
  expect(sent.json).not.toHaveProperty('stop')
  expect(await sent.closed).toBe('aborted')
})

test('what only looks like the beginning of a stop sequence is not lost', async () => {
  await using api = await startApi()
  api.answer(streamed(['a</think>The E', 'N', 'D of E']))
  const { choices } = await api.client.chat.completions.create({ ...question, stop: 'END.' })
  expect(choices[0]?.message.content).toBe('The END of E')
})

test('an answer without the call that was demanded is an error', async () => {
  await using api = await startApi()
  api.answer(streamed(['No.</think>I would rather not.']))
  const failed = api.client.chat.completions.create({ ...question, tools: [weather], tool_choice: 'required' })
  await expect(failed).rejects.toMatchObject({ status: 502, code: 'upstream_protocol' })
})

test('legacy functions are prompted and answered in their own form', async () => {
  await using api = await startApi()
  api.answer(streamed([`Call.</think>${callOf('Lisbon')}`]))
  const { choices } = await api.client.chat.completions.create({ ...question, functions: [weather.function] })
  expect(choices[0]).toMatchObject({
    message: { function_call: { name: 'get_weather', arguments: '{"city": "Lisbon"}' } },
    finish_reason: 'function_call',
  })
})

test('leaving while the first chunk is awaited closes the socket', async () => {
  await using api = await startApi()
  api.answer({ before: [stall()] })
  const iterator = api.chunks({})[Symbol.asyncIterator]()
  const pending = iterator.next().catch(() => undefined)
  const sent = await api.upstream.received(1)
  await iterator.return?.()
  expect(await sent.closed).toBe('aborted')
  await pending
})

test.each([
  [{ n: 2 }, 'n'],
  [{ logprobs: true }, 'logprobs'],
  [{ response_format: { type: 'json_schema', json_schema: { name: 'a' } } }, 'response_format'],
  [{ tools: [{ type: 'web_search' }], tool_choice: 'required' }, 'tools'],
  [{ tools: [{ type: 'custom', custom: { name: 'patch' } }] }, 'tools[0].type'],
  [
    { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: 'https://a.example/b.png' }] }] },
    'messages[0].content[0]',
  ],
  [
    {
      messages: [{ role: 'user', content: [{ type: 'file', file: { file_data: 'data:application/pdf;base64,AA' } }] }],
    },
    'messages[0].content[0]',
  ],
  [
    { messages: [{ role: 'user', content: [{ type: 'file', file: { file_id: 'file-1' } }] }] },
    'messages[0].content[0]',
  ],
])('%j is refused before any call', async (asked, param) => {
  await using api = await startApi()
  const body = JSON.stringify({ ...question, ...asked })
  const response = await api.fetch('http://in.process/v1/chat/completions', { method: 'POST', body })
  expect(response.status).toBe(400)
  expect(await response.json()).toMatchObject({ error: { param } })
  expect(api.upstream.requests).toHaveLength(0)
})

test('what is left out is named', async () => {
  await using api = await startApi()
  const history = { role: 'assistant' as const, content: 'Hi', reasoning_content: 'Easy.' }
  const given = {
    ...question,
    messages: [history, ...question.messages],
    response_format: { type: 'json_object' as const },
  }
  expect(api.provider.accepts?.({ ...given, tools: [weather, { type: 'web_search' }] }).dropped.toSorted()).toEqual([
    'messages[].reasoning_content',
    'response_format',
    'tools[1]',
  ])
  expect(api.provider.accepts?.({ ...question, response_format: { type: 'text' } })).toEqual({ dropped: [] })
})

test('JSON without choices is an error by its words', async () => {
  await using api = await startApi()
  api.answer(jsonReply({ detail: 'The prompt is longer than the maximum context length' }))
  await expect(api.client.chat.completions.create(question)).rejects.toMatchObject({ status: 400 })
})
