import { type AnswerReader, DragomanError } from '@dragoman/core'
import { eventStream, everyByte, jsonReply, stall } from '@dragoman/testkit'
import { expect, test } from 'vitest'
import { type DialectEvents, type HttpResponse, readAnswer } from './index.ts'
import { apiKey, inMemory, outcomeOf, startRig, textOf, turns } from './test-rig.ts'

/** A dialect of this test: `{ says }`, and `{ ends }` at the end. */
function reader(): AnswerReader {
  let hasEnded = false
  const chunk = (content: string) => ({
    id: 'a',
    object: 'chat.completion.chunk' as const,
    created: 1,
    model: 'm',
    choices: [{ index: 0, delta: { content }, finish_reason: null }],
  })
  return {
    push(event) {
      const { says, ends } = event as { says?: string; ends?: string }
      hasEnded ||= ends !== undefined
      const text = says ?? ends
      return text === undefined ? [] : [chunk(text)]
    },
    whole: (answer) => [chunk(`whole ${JSON.stringify(answer)}`)],
    end() {
      if (!hasEnded) throw new DragomanError('upstream_protocol', 'no end', { origin: 'upstream' })
      return [chunk('!')]
    },
  }
}

const options: DialectEvents = { isEnd: (event) => 'ends' in event, errorIn: (event) => event.failed }

async function said(response: HttpResponse): Promise<string> {
  const chunks = await readAnswer(response, reader(), options)
  const source = { [Symbol.asyncIterator]: () => chunks }
  const { items, error } = await outcomeOf(source)
  const texts = items.map(({ choices: [choice] }) => choice?.delta.content)
  return [...texts, ...(error === undefined ? [] : [textOf(error)])].join('|')
}

const bytes = (text: string) => new TextEncoder().encode(text)
const told = (...events: readonly object[]) => events.map((event) => `event: x\ndata: ${JSON.stringify(event)}\n\n`)

test.each([
  ['with its last event', told({ says: 'a' }, { odd: 1 }, { ends: 'b' }, { says: 'c' }).join(''), 'a|b|!'],
  ['with Chat’s mark', `${told({ says: 'a' }).join('')}data: [DONE]\n\n`, 'a|upstream_protocol: no end'],
  ['with the connection', told({ says: 'a' }).join(''), 'a|upstream_protocol: no end'],
  [
    'with what is no JSON',
    'data: {"says":"a"}\n\ndata: <b>\n\n',
    'a|upstream_protocol: acme sent an event that is no JSON object',
  ],
  ['with an array', 'data: []\n\n', 'upstream_protocol: acme sent an event that is no JSON object'],
])('a stream that ends %s', async (_, text, expected) => {
  expect(await said(inMemory([bytes(text)]))).toBe(expected)
  expect(await said(inMemory(everyByte(text)))).toBe(expected)
})

test('after the last event nothing is waited for, and the connection is free', async () => {
  await using rig = await startRig()
  rig.upstream.script(eventStream([...told({ says: 'a' }, { ends: 'b' }), stall()]), jsonReply({ a: 1 }))
  expect(await said(await rig.stream())).toBe('a|b|!')
  await turns(5)
  expect(await said(await rig.stream())).toBe('whole {"a":1}')
})

test('an error in the stream is mapped like any other, without secrets', async () => {
  await using rig = await startRig()
  const failed = { error: { type: 'rate_limit_error', message: `slower, ${apiKey}` } }
  rig.upstream.always(eventStream(told({ says: 'a' }, { failed })))
  const text = await said(await rig.stream())
  expect(text).toMatch(/^a\|rate_limited: /)
  expect(text).not.toContain(apiKey)
})
