import type { ChatCompletionChunk, Delta } from '@dragoman/openai-schema'
import fc from 'fast-check'
import OpenAI from 'openai'
import { expect, test } from 'vitest'
import { framesOf, openSeal } from '../test-front.ts'
import { responsesClient } from './client.ts'
import { argumentsDelta, callDelta, deltas, signature } from './test-deltas.ts'
import { parsedFrames } from './test-frames.ts'

const text = fc.string({ unit: 'binary', maxLength: 8 })
const said: fc.Arbitrary<Delta> = fc.oneof(
  text.map((content) => ({ content })),
  text.map((reasoning_content) => ({ reasoning_content })),
  text.map((refusal) => ({ refusal })),
  fc.nat(2).map((index) => ({ reasoning_details: [signature(index, 's')] })),
  fc.webUrl().map((url) => ({
    annotations: [{ type: 'url_citation' as const, url_citation: { url, title: '', start_index: 0, end_index: 0 } }],
  })),
)

/** The pieces of one call, in order. */
const call = (index: number): fc.Arbitrary<Delta[]> =>
  fc
    .tuple(fc.constantFrom('look', 'write'), fc.dictionary(fc.constantFrom('input', 'b'), text), fc.nat(9))
    .map(([name, value, at]) => {
      const json = JSON.stringify(value)
      return [callDelta(index, name), argumentsDelta(index, json.slice(0, at)), argumentsDelta(index, json.slice(at))]
    })

/** Three calls and anything else, in any order that keeps each call's own. */
const answer = fc
  .tuple(fc.array(said, { maxLength: 8 }), call(0), call(1), call(2), fc.infiniteStream(fc.nat(3)))
  .map(([others, first, second, third, order]) => {
    const queues = [others, first, second, third].map((queue) => [...queue])
    // A call is begun before the next one is.
    const mixed: Delta[] = []
    for (const pick of order) {
      const filled = queues.filter((queue) => queue.length > 0)
      const next = filled[Math.min(pick, filled.length - 1)]?.shift()
      if (!next) break
      mixed.push(next)
    }
    return mixed
  })

const finish = fc.constantFrom('tool_calls' as const, 'length' as const, 'content_filter' as const)

test("any order of a model's deltas makes a stream that the OpenAI SDK joins to the same response", async () => {
  await fc.assert(
    fc.asyncProperty(answer, finish, async (given, end) => {
      const { frames, response } = streamed([...deltas(...given, end)])
      const fetch = async () => new Response(frames, { headers: { 'content-type': 'text/event-stream' } })
      const client = new OpenAI({ apiKey: '-', baseURL: 'http://in.process/v1', fetch, maxRetries: 0 })
      const final = await client.responses.stream({ model: 'm', input: 'Hi' }).finalResponse()
      expect(final.output.map(withoutParsed)).toEqual(response.output)
      expect(final.status).toBe(end === 'tool_calls' ? 'completed' : 'incomplete')
      const { length } = parsedFrames(frames)
      expect(parsedFrames(frames).at(-1)?.data.sequence_number).toBe(length - 1)
    }),
    { numRuns: 60 },
  )
})

function streamed(chunks: readonly ChatCompletionChunk[]) {
  const body = { model: 'm', input: 'Hi', tools: [{ type: 'custom', name: 'write' }] }
  const encoder = responsesClient.readRequest(body, { seal: openSeal }).encoder()
  const frames = framesOf(encoder, chunks)
  if (!encoder.final) throw new Error('No response')
  return { frames, response: encoder.final.response }
}

/** The SDK adds what it has parsed. */
function withoutParsed(item: object): object {
  return JSON.parse(
    JSON.stringify(item, (key, value) => (key === 'parsed' || key === 'parsed_arguments' ? undefined : value)),
  )
}
