import { weatherTool } from '@dragoman/testkit'
import OpenAI from 'openai'
import { zodResponseFormat, zodTextFormat } from 'openai/helpers/zod'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { type Front, model, startFront } from './test-front.ts'
import { looks, says, usage } from './test-said.ts'
import { upstreamKinds } from './test-upstreams.ts'
import { weather } from './test-weather.ts'

const clientOf = ({ url, key }: Front) => new OpenAI({ baseURL: `${url}/v1`, apiKey: key, maxRetries: 0 })
const input = 'Weather in Oslo?'
const messages = [{ role: 'user' as const, content: input }]
const tools = [{ type: 'function' as const, name: weather.name, parameters: weather.schema, strict: false }]
const Weather = z.object({ city: z.string(), wet: z.boolean() })
const structured = { text: '{"city":"Oslo","wet":true}', usage }

function callIn(output: readonly OpenAI.Responses.ResponseOutputItem[]) {
  return output.find((item): item is OpenAI.Responses.ResponseFunctionToolCall => item.type === 'function_call')
}

describe.each(upstreamKinds)('over $id', (kind) => {
  describe('Chat Completions', () => {
    test('covers openai-sdk chat text: create gives the text, its reasoning and usage', async () => {
      await using front = await startFront(kind)
      front.answers(says)
      const answer = await clientOf(front).chat.completions.create({ model, messages, reasoning_effort: 'high' })
      expect(answer.choices[0]).toMatchObject({
        message: { content: 'It is raining.', reasoning_content: 'Rain it is.' },
        finish_reason: 'stop',
      })
      expect(answer.usage).toMatchObject(usage)
    })

    test('covers openai-sdk chat stream: the stream helper gives the same as a whole answer', async () => {
      await using front = await startFront(kind)
      front.answers(says)
      const stream = clientOf(front).chat.completions.stream({
        model,
        messages,
        stream_options: { include_usage: true },
      })
      const deltas: string[] = []
      stream.on('content', (delta) => deltas.push(delta))
      const final = await stream.finalChatCompletion()
      expect(deltas.join('')).toBe('It is raining.')
      expect(final.usage).toMatchObject(usage)
    })

    test.each([false, true])(
      'covers openai-sdk chat tools: runTools makes the round trip (stream: %s)',
      async (stream) => {
        await using front = await startFront(kind)
        front.answers(looks, says)
        const { tool, cities } = weatherTool()
        const runner = clientOf(front).chat.completions.runTools({
          model,
          messages,
          stream: stream as false,
          tools: [tool],
        })
        expect(await runner.finalContent()).toBe('It is raining.')
        expect(cities).toEqual(['Oslo'])
        expect(front.requests).toHaveLength(2)
      },
    )

    test('covers openai-sdk chat structured: parse gives what the schema says', async () => {
      await using front = await startFront(kind)
      front.answers(structured)
      const response_format = zodResponseFormat(Weather, 'weather')
      const answer = await clientOf(front).chat.completions.parse({ model, messages, response_format })
      expect(answer.choices[0]?.message.parsed).toEqual({ city: 'Oslo', wet: true })
    })
  })

  describe('Responses', () => {
    test('covers openai-sdk responses text: create gives the text, a reasoning item and usage', async () => {
      await using front = await startFront(kind)
      front.answers(says)
      const response = await clientOf(front).responses.create({ model, input, reasoning: { effort: 'high' } })
      expect(response.output_text).toBe('It is raining.')
      expect(response.output.map(({ type }) => type)).toEqual(['reasoning', 'message'])
      expect(response.output[0]).toMatchObject({ summary: [{ type: 'summary_text', text: 'Rain it is.' }] })
      expect(response.usage).toMatchObject({ input_tokens: 12, output_tokens: 7, total_tokens: 19 })
    })

    test('covers openai-sdk responses stream: the stream helper ends with the response that was streamed', async () => {
      await using front = await startFront(kind)
      front.answers(says)
      const stream = clientOf(front).responses.stream({ model, input, reasoning: { effort: 'high' } })
      const deltas: string[] = []
      stream.on('response.output_text.delta', ({ delta }) => deltas.push(delta))
      const final = await stream.finalResponse()
      expect(deltas.join('')).toBe('It is raining.')
      expect(final).toMatchObject({ status: 'completed', output_text: 'It is raining.' })
    })

    test.each([false, true])(
      'covers openai-sdk responses tools: a call and its output go round (stream: %s)',
      async (stream) => {
        await using front = await startFront(kind)
        front.answers(looks, says)
        const client = clientOf(front)
        const body = { model, tools, reasoning: { effort: 'high' as const } }
        const ask = (given: OpenAI.Responses.ResponseInput) =>
          stream
            ? client.responses.stream({ ...body, input: given }).finalResponse()
            : client.responses.create({ ...body, input: given })
        const first = await ask(messages)
        const call = callIn(first.output)
        expect(call).toMatchObject({ name: 'get_weather', arguments: expect.stringMatching(/"city": ?"Oslo"/) })
        const result = { type: 'function_call_output' as const, call_id: call?.call_id ?? '', output: 'rain' }
        const second = await ask([...messages, ...first.output, result] as OpenAI.Responses.ResponseInput)
        expect(second.output_text).toBe('It is raining.')
      },
    )

    test('covers openai-sdk responses state: a chain goes on by ids, with a tool call in its middle', async () => {
      await using front = await startFront(kind)
      front.answers(looks, says)
      const client = clientOf(front)
      const first = await client.responses.create({ model, input, tools, reasoning: { effort: 'high' } })
      const call = callIn(first.output)
      const second = await client.responses.create({
        model,
        tools,
        reasoning: { effort: 'high' },
        previous_response_id: first.id,
        input: [{ type: 'function_call_output', call_id: call?.call_id ?? '', output: 'rain' }],
      })
      expect(second.output_text).toBe('It is raining.')
      expect(JSON.stringify(front.requests[1]?.json)).toContain('Weather in Oslo?')
      expect(await client.responses.retrieve(second.id)).toMatchObject({ id: second.id, output_text: 'It is raining.' })
    })

    test('covers openai-sdk responses structured: parse gives what the schema says', async () => {
      await using front = await startFront(kind)
      front.answers(structured)
      const text = { format: zodTextFormat(Weather, 'weather') }
      const response = await clientOf(front).responses.parse({ model, input, text })
      expect(response.output_parsed).toEqual({ city: 'Oslo', wet: true })
    })
  })

  test('covers openai-sdk chat errors: what the service refuses is an error of its class', async () => {
    await using front = await startFront(kind)
    const asked = clientOf(front).chat.completions.create({ model: 'nobody', messages })
    await expect(asked).rejects.toBeInstanceOf(OpenAI.NotFoundError)
    const wrong = new OpenAI({ baseURL: `${front.url}/v1`, apiKey: 'sk-wrong', maxRetries: 0 })
    await expect(wrong.responses.create({ model, input })).rejects.toBeInstanceOf(OpenAI.AuthenticationError)
    expect(front.requests.filter(({ method }) => method === 'POST')).toEqual([])
  })
})
