import { describe, expect, test } from 'vitest'
import { framesOf, openSeal } from '../test-front.ts'
import { responsesClient } from './client.ts'
import { answered, sealedToo } from './test-answered.ts'
import { callDelta, deltas, signature } from './test-deltas.ts'

describe('sealed reasoning', () => {
  const opened = (item: { type: string; encrypted_content?: string } | undefined) =>
    item?.encrypted_content === undefined ? undefined : openSeal.open(item.encrypted_content)

  const thought = deltas(
    { reasoning_content: 'Hm', reasoning_details: [{ type: 'reasoning.text', text: 'Hm', index: 0 }] },
    { reasoning_details: [signature(0, 'sig')] },
    { content: 'a' },
    'stop',
  )

  test('holds the text and the joined details', () => {
    const { response } = answered(thought, sealedToo)
    expect(opened(response.output[0] as never)).toEqual({
      text: 'Hm',
      details: [{ type: 'reasoning.text', text: 'Hm', signature: 'sig', format: 'anthropic-claude-v1', index: 0 }],
    })
  })

  test('goes out only where it was asked for, and is kept for a stored chain', () => {
    const { response, items } = answered(thought)
    expect(response.output[0]).not.toHaveProperty('encrypted_content')
    expect(opened(items[0] as never)).toMatchObject({ text: 'Hm' })
    expect(answered(thought, { store: false }).items[0]).not.toHaveProperty('encrypted_content')
  })

  test('never goes out without a seal', () => {
    const encoder = responsesClient.readRequest({ model: 'm', input: 'Hi', ...sealedToo }).encoder()
    expect(framesOf(encoder, thought)).not.toContain('encrypted_content')
  })

  test('of details alone has an item of its own, before what they belong to', () => {
    const details = [{ type: 'reasoning.encrypted' as const, data: 'x', id: 'call_0', index: 0 }]
    const { response } = answered(
      deltas({ content: 'a' }, { reasoning_details: details, ...callDelta(0, 'f', '{}') }, 'tool_calls'),
      sealedToo,
    )
    expect(response.output.map(({ type }) => type)).toEqual(['message', 'reasoning', 'function_call'])
    expect(opened(response.output[1] as never)).toEqual({ text: '', details })
  })

  test('of details alone has no item where nobody can bring them back', () => {
    const details = [{ type: 'reasoning.encrypted' as const, data: 'x', index: 0 }]
    const { response } = answered(deltas({ reasoning_details: details }, { content: 'a' }, 'stop'), { store: false })
    expect(response.output.map(({ type }) => type)).toEqual(['message'])
  })

  test('is made once for each stretch of reasoning', () => {
    const { response } = answered(
      deltas(
        { reasoning_content: 'a', reasoning_details: [signature(0, 's0')] },
        { content: 'x' },
        { reasoning_content: 'b', reasoning_details: [signature(1, 's1')] },
        callDelta(0, 'f', '{}'),
        'tool_calls',
      ),
      sealedToo,
    )
    expect(response.output.map(({ type }) => type)).toEqual(['reasoning', 'message', 'reasoning', 'function_call'])
    expect(opened(response.output[2] as never)).toMatchObject({ text: 'b', details: [{ signature: 's1' }] })
  })
})
