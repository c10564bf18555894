import fc from 'fast-check'
import { expect, test } from 'vitest'
import { clock, weather } from '../cases/tools.ts'
import { answerOf, chunk, type TestChunk } from './chat-answers.ts'
import { hermes } from './formats/hermes.ts'
import { kimiK2 } from './formats/kimi-k2.ts'
import { ChunkNormalizer } from './stream.ts'

const words = fc.constantFrom(
  'Hello',
  ' ',
  '\n',
  '```',
  '`',
  '<think>',
  '</think>',
  '<tool_call>',
  '</tool_call>',
  '{"name": "get_time", "arguments": {}}',
  '{"name": "get_weather", "arguments": {"city": "Oslo"}}',
  '<|tool_calls_section_begin|>',
  '<|tool_calls_section_end|>',
  '<|tool_call_begin|>',
  'functions.get_time:0',
  'functions.get_weather:1',
  '7',
  '<|tool_call_argument_begin|>',
  '{"city": "Oslo"}',
  '{"city": "O',
  '<|tool_call_end|>',
  '(no content)',
)
const text = fc.array(words, { minLength: 1, maxLength: 12 }).map((pieces) => pieces.join(''))
const nativeCall = fc.record({
  index: fc.integer({ min: 0, max: 2 }),
  id: fc.constantFrom('a', 'b', undefined),
  name: fc.constantFrom('get_time', 'get_weather', 'Get-Time', 'lookup', '3'),
  arguments: fc.constantFrom('{}', '{"city":"Oslo"}', '{"ci'),
})

type Step =
  | { readonly field: 'content' | 'reasoning_content' | 'reasoning'; readonly text: string }
  | {
      readonly field: 'call'
      readonly call: { index: number; id: string | undefined; name: string; arguments: string }
    }

const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    fc.record({ field: fc.constantFrom('content', 'reasoning_content', 'reasoning'), text }),
    fc.record({ field: fc.constant('call'), call: nativeCall }),
  ),
  { maxLength: 6 },
)
const options = fc.record({
  format: fc.constantFrom(kimiK2, hermes),
  startsIn: fc.constantFrom('text', 'reasoning', 'auto'),
  tools: fc.constantFrom([weather, clock], [], undefined),
  repairToolNames: fc.constantFrom('schema', undefined),
})
const reason = fc.constantFrom('stop', 'length', 'tool_calls', null)

function chunksOf(
  steps: readonly Step[],
  cut: (text: string) => readonly string[],
  reason: string | null,
): TestChunk[] {
  const chunks = steps.flatMap((step) => {
    if (step.field !== 'call') return cut(step.text).map((piece) => chunk({ [step.field]: piece }))
    const { index, id, name, arguments: text } = step.call
    return [chunk({ tool_calls: [{ index, id, type: 'function', function: { name, arguments: text } }] })]
  })
  return reason === null ? chunks : [...chunks, chunk({}, reason)]
}

function normalized(
  chunks: readonly TestChunk[],
  options: ConstructorParameters<typeof ChunkNormalizer>[0],
): TestChunk[] {
  let ids = 0
  const normalizer = new ChunkNormalizer<TestChunk>({ newId: () => `new-${++ids}`, ...options })
  return [...chunks.flatMap((chunk) => [...normalizer.push(chunk)]), ...normalizer.end('stop')]
}

/** What all deltas say together. Native calls may come in any disorder here, which a client would not take. */
function joined(chunks: readonly TestChunk[]): unknown {
  const answer = { content: '', reasoning: '', calls: '', reason: '' }
  for (const { choices } of chunks) {
    for (const { delta, finish_reason } of choices) {
      answer.content += delta.content ?? ''
      answer.reasoning += delta.reasoning_content ?? ''
      answer.reason += finish_reason ?? ''
      for (const call of (delta.tool_calls ?? []) as {
        index: number
        id?: string
        function: { name?: string; arguments: string }
      }[]) {
        if (call.id ?? call.function.name) answer.calls += `\n${call.index} ${call.id} ${call.function.name} `
        answer.calls += call.function.arguments
      }
    }
  }
  return answer
}

test('a stream gives the same answer wherever its texts are cut', () => {
  fc.assert(
    fc.property(steps, options, reason, (steps, options, reason) => {
      const whole = joined(
        normalized(
          chunksOf(steps, (text) => [text], reason),
          options,
        ),
      )
      expect(
        joined(
          normalized(
            chunksOf(steps, (text) => [...text], reason),
            options,
          ),
        ),
      ).toEqual(whole)
    }),
    { numRuns: 1000 },
  )
})

test('whatever comes in which order, every delta is well formed and the reason fits the calls', () => {
  fc.assert(
    fc.property(steps, options, reason, (steps, options, reason) => {
      const chunks = normalized(
        chunksOf(steps, (text) => [text], reason),
        options,
      )
      const kinds = new Set(['content', 'reasoning_content', 'tool_calls'])
      let hasCalls = false
      for (const { choices } of chunks) {
        for (const { delta, finish_reason } of choices) {
          const said = Object.keys(delta).filter((field) => kinds.has(field))
          expect(said.length).toBeLessThanOrEqual(1)
          for (const field of said) expect(delta[field as 'content']).not.toHaveLength(0)
          if (said[0] === 'tool_calls') hasCalls = true
          if (finish_reason)
            expect(finish_reason).toBe(reason === 'length' ? 'length' : hasCalls ? 'tool_calls' : 'stop')
        }
      }
    }),
    { numRuns: 500 },
  )
})

test('what is normal stays as it is', () => {
  fc.assert(
    fc.property(steps, options, reason, (steps, options, reason) => {
      const texts = steps.filter(({ field }) => field !== 'call')
      const once = normalized(
        chunksOf(texts, (text) => [text], reason),
        options,
      )
      const again = normalized(once, { ...options, startsIn: 'text', tools: [], format: { name: 'none' } })
      expect(answerOf(again)).toEqual(answerOf(once))
    }),
    { numRuns: 200 },
  )
})
