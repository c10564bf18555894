import Anthropic from '@anthropic-ai/sdk'
import { describe, expect, test } from 'vitest'
import { type Front, model, startFront } from './test-front.ts'
import { looks, says, usage } from './test-said.ts'
import { upstreamKinds } from './test-upstreams.ts'
import { weather } from './test-weather.ts'

const clientOf = ({ url, key }: Front) => new Anthropic({ baseURL: url, apiKey: key, maxRetries: 0 })
const messages = [{ role: 'user' as const, content: 'Weather in Oslo?' }]
const request = { model, max_tokens: 4096, messages, thinking: { type: 'enabled' as const, budget_tokens: 2048 } }

const tools: Anthropic.Tool[] = [{ name: weather.name, description: weather.description, input_schema: weather.schema }]

describe.each(upstreamKinds)('over $id', (kind) => {
  test.each([false, true])(
    'covers anthropic-sdk messages text: text, thinking, its signature and usage (stream: %s)',
    async (stream) => {
      await using front = await startFront(kind)
      front.answers(says)
      const client = clientOf(front)
      const message = stream
        ? await client.messages.stream(request).finalMessage()
        : await client.messages.create(request)
      expect(message.content).toMatchObject([
        { type: 'thinking', thinking: 'Rain it is.', signature: expect.stringMatching(/./) },
        { type: 'text', text: 'It is raining.' },
      ])
      expect(message).toMatchObject({ stop_reason: 'end_turn', usage: { input_tokens: 12, output_tokens: 7 } })
    },
  )

  test('covers anthropic-sdk messages stream: text comes in pieces, as events of the grammar', async () => {
    await using front = await startFront(kind)
    front.answers({ text: ['It is ', 'raining.'], usage })
    const stream = clientOf(front).messages.stream({ ...request, thinking: { type: 'disabled' } })
    const pieces: string[] = []
    stream.on('text', (piece) => pieces.push(piece))
    await stream.done()
    expect(pieces.length).toBeGreaterThan(1)
    expect(pieces.join('')).toBe('It is raining.')
  })

  test.each([false, true])(
    'covers anthropic-sdk messages tools: a tool loop goes round with its thinking (stream: %s)',
    async (stream) => {
      await using front = await startFront(kind)
      front.answers(looks, says)
      const client = clientOf(front)
      const ask = async (given: Anthropic.MessageParam[]) => {
        const body = { ...request, messages: given, tools }
        return stream ? client.messages.stream(body).finalMessage() : client.messages.create(body)
      }
      const first = await ask(messages)
      expect(first.stop_reason).toBe('tool_use')
      const use = first.content.find((block) => block.type === 'tool_use')
      expect(use).toMatchObject({ name: 'get_weather', input: { city: 'Oslo' } })
      const second = await ask([
        ...messages,
        { role: 'assistant', content: first.content },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: use?.id ?? '', content: 'rain' }] },
      ])
      expect(second.content.at(-1)).toMatchObject({ type: 'text', text: 'It is raining.' })
      expect(JSON.stringify(front.requests[1]?.json)).toContain('I should look.')
    },
  )

  test('covers anthropic-sdk messages errors: an error is one of its class, with the id of the request', async () => {
    await using front = await startFront(kind)
    const error = await clientOf(front)
      .messages.create({ ...request, model: 'nobody' })
      .catch((cause) => cause)
    expect(error).toBeInstanceOf(Anthropic.NotFoundError)
    expect(error).toMatchObject({ type: 'not_found_error', requestID: expect.stringMatching(/^req_/) })
    const wrong = new Anthropic({ baseURL: front.url, apiKey: 'sk-wrong', maxRetries: 0 })
    await expect(wrong.messages.create(request)).rejects.toBeInstanceOf(Anthropic.AuthenticationError)
  })

  test('covers anthropic-sdk count_tokens text: tokens are counted', async () => {
    await using front = await startFront(kind)
    const { input_tokens } = await clientOf(front).messages.countTokens({ model, messages, tools })
    expect(input_tokens).toBeGreaterThan(10)
  })
})
