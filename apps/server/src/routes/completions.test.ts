import { chatStream, cut, errorReply, jsonReply, sse } from '@dragoman/testkit'
import OpenAI from 'openai'
import { describe, expect, test } from 'vitest'
import { entryOf, startEndpoints } from '../test-endpoints-rig.ts'

describe('by the provider itself', () => {
  test('covers openai-sdk completions native: a request goes on as it came, with everything that chats cannot do', async () => {
    await using rig = await startEndpoints()
    const answer = {
      id: 'cmpl-1',
      object: 'text_completion',
      created: 1,
      model: 'up-1',
      choices: [{ text: 'def f(): pass', index: 0, logprobs: null, finish_reason: 'stop' }],
      usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 },
    }
    rig.upstream.always(jsonReply(answer))
    const asked = { prompt: [1, 2, 3], suffix: 'f()', echo: true, logprobs: 2, best_of: 2 }
    expect(await rig.client.completions.create({ model: 'm', ...asked })).toEqual(answer)
    const { path, json } = await rig.upstream.received(1)
    expect([path, json]).toEqual(['/v1/completions', { model: 'up-1', ...asked }])
    expect(rig.records[0]).toMatchObject({ endpoint: 'completions', usage: { completion_tokens: 2 } })
  })

  test('a stream comes as it is', async () => {
    await using rig = await startEndpoints()
    const chunk = { id: 'cmpl-1', object: 'text_completion', created: 1, model: 'up-1' }
    const choice = { index: 0, logprobs: null, finish_reason: null }
    rig.upstream.always({
      headers: { 'content-type': 'text/event-stream' },
      body: [...sse({ ...chunk, choices: [{ ...choice, text: 'Hel' }] }), 'data: [DONE]\n\n'],
    })
    const stream = await rig.client.completions.create({ model: 'm', prompt: 'x', stream: true })
    const texts = []
    for await (const { choices } of stream) texts.push(choices[0]?.text)
    expect(texts).toEqual(['Hel'])
  })

  test('a target that only chats is passed over where chats will not do', async () => {
    await using rig = await startEndpoints()
    rig.upstream.always(jsonReply({ object: 'text_completion', choices: [] }))
    const entries = [entryOf('chats', rig.upstream, []), entryOf('completes', rig.upstream, ['completions'])]
    await using both = await startEndpoints({
      gatewayOptions: { providers: entries, models: [{ name: 'm', deployments: entries.map((entry) => ({ entry })) }] },
    })
    await both.client.completions.create({ model: 'm', prompt: 'x', suffix: 'y' })
    expect(both.records[0]?.attempts.map(({ provider }) => provider)).toEqual(['completes'])
  })
})

describe('by chats', () => {
  const chats = { endpoints: [] } as const

  test('covers openai-sdk completions text: a prompt is a message of the user', async () => {
    await using rig = await startEndpoints(chats)
    rig.upstream.always(
      chatStream({ text: ' world', usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 } }),
    )
    const answer = await rig.client.completions.create({ model: 'm', prompt: 'Hello', temperature: 0, ...{ top_k: 3 } })
    expect(answer).toEqual({
      id: expect.stringMatching(/^cmpl-(?!chatcmpl)/),
      object: 'text_completion',
      created: expect.any(Number),
      model: expect.any(String),
      choices: [{ text: ' world', index: 0, logprobs: null, finish_reason: 'stop' }],
      usage: expect.objectContaining({ prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 }),
    })
    const { path, json } = await rig.upstream.received(1)
    expect(path).toBe('/v1/chat/completions')
    expect(json).toMatchObject({
      model: 'up-1',
      messages: [{ role: 'user', content: 'Hello' }],
      temperature: 0,
      top_k: 3,
    })
    // The default of this endpoint, unlike that of chats.
    expect(json.max_tokens).toBe(16)
    expect(json).not.toHaveProperty('prompt')
  })

  test('covers openai-sdk completions prompts: several are as many groups of choices, with one usage', async () => {
    await using rig = await startEndpoints(chats)
    rig.upstream.always(({ json }) => chatStream({ text: `${json.messages[0].content}!`, usage: tokens }))
    const answer = await rig.client.completions.create({ model: 'm', prompt: ['a', 'b'], max_tokens: 5 })
    expect(answer.choices.map(({ index, text }) => [index, text])).toEqual([
      [0, 'a!'],
      [1, 'b!'],
    ])
    expect(answer.usage).toEqual({ prompt_tokens: 2, completion_tokens: 4, total_tokens: 6 })
    expect(rig.records.map(({ id }) => id)).toEqual([expect.any(String), `${rig.records[0]?.id}.1`])
  })

  const tokens = { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 }

  test('covers openai-sdk completions stream: it has the same form, and usage where it was asked for', async () => {
    await using rig = await startEndpoints(chats)
    rig.upstream.always(({ json }) => chatStream({ text: [`${json.messages[0].content}`, '!'], usage: tokens }))
    const asked = { model: 'm', prompt: ['a', 'b'], stream: true as const }
    for (const include_usage of [true, false]) {
      const stream = await rig.client.completions.create({ ...asked, stream_options: { include_usage } })
      const chunks = []
      for await (const chunk of stream) chunks.push(chunk)
      expect(
        chunks.flatMap(({ choices }) => choices.map(({ index, text, finish_reason }) => [index, text, finish_reason])),
      ).toEqual([
        [0, 'a', null],
        [0, '!', null],
        [0, '', 'stop'],
        [1, 'b', null],
        [1, '!', null],
        [1, '', 'stop'],
      ])
      expect(new Set(chunks.map(({ id, object }) => `${object} ${id}`)).size).toBe(1)
      expect(chunks[0]).toMatchObject({ object: 'text_completion', choices: [{ logprobs: null }] })
      const usages = chunks.flatMap(({ usage }) => usage ?? [])
      expect(usages).toEqual(include_usage ? [{ prompt_tokens: 2, completion_tokens: 4, total_tokens: 6 }] : [])
    }
  })

  test('a stream that breaks off ends with an error', async () => {
    await using rig = await startEndpoints(chats)
    const [first = ''] = sse({ id: '1', choices: [{ index: 0, delta: { role: 'assistant', content: 'Hel' } }] })
    rig.upstream.always({ headers: { 'content-type': 'text/event-stream' }, body: [first, cut()] })
    const stream = await rig.client.completions.create({ model: 'm', prompt: 'x', stream: true })
    const read = async () => {
      for await (const _ of stream) {
      }
    }
    await expect(read()).rejects.toBeInstanceOf(OpenAI.APIError)
  })

  test('an error before the first piece has its status', async () => {
    await using rig = await startEndpoints(chats)
    rig.upstream.always(errorReply(400))
    const asked = rig.client.completions.create({ model: 'm', prompt: 'x', stream: true })
    await expect(asked).rejects.toBeInstanceOf(OpenAI.BadRequestError)
  })

  test.each([
    [{ prompt: [1, 2] }, 'prompt'],
    [{ prompt: [[1], [2]] }, 'prompt'],
    [{ prompt: 'x', suffix: 'y' }, 'suffix'],
    [{ prompt: 'x', echo: true }, 'echo'],
    [{ prompt: 'x', logprobs: 0 }, 'logprobs'],
    [{ prompt: 'x', best_of: 3 }, 'best_of'],
  ])('%j is refused', async (asked, param) => {
    await using rig = await startEndpoints(chats)
    const error = await rig.client.completions.create({ model: 'm', ...asked }).catch((cause) => cause)
    expect([error.status, error.code, error.param]).toEqual([400, 'unsupported_parameter', param])
    expect(rig.upstream.requests).toHaveLength(0)
  })

  test('what asks for nothing is taken', async () => {
    await using rig = await startEndpoints(chats)
    rig.upstream.always(chatStream({ text: 'x' }))
    const asked = { prompt: 'x', suffix: '', echo: false, logprobs: null, best_of: 1 }
    const { choices } = await rig.client.completions.create({ model: 'm', ...asked })
    expect(choices[0]?.text).toBe('x')
  })
})

test.each([
  [{}, 'prompt', 'prompt: required; expected a string, an array of strings, or tokens'],
  [{ prompt: [] }, 'prompt', 'prompt: expected a string, an array of strings, or tokens; found an empty array'],
  [{ prompt: 'x', stream: 'yes' }, 'stream', 'stream: expected true or false; found "yes"'],
])('%j is a 400', async (body, param, message) => {
  await using rig = await startEndpoints()
  const error = await rig.client.completions
    .create({ model: 'm', ...(body as { prompt: string }) })
    .catch((cause) => cause)
  expect([error.status, error.param, error.message]).toEqual([400, param, `400 ${message}`])
})

test('a model that nobody has is a 404', async () => {
  await using rig = await startEndpoints()
  const asked = rig.client.completions.create({ model: 'nobody', prompt: 'x' })
  await expect(asked).rejects.toBeInstanceOf(OpenAI.NotFoundError)
})
