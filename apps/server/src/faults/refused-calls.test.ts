import { tokens } from '@dragoman/testkit'
import { describe, expect, test } from 'vitest'
import { pairs, startDialectRig } from './test-dialect-rig.ts'
import { replyOf } from './test-dialect-upstreams.ts'

const insisting = { headers: { 'x-gateway-ensure-tool-call': 'on' } }
const refusal = { text: ['I would rather ', 'talk.'], usage: tokens(20, 4) }

// The client says that it wants a call, and the model never makes one.
describe.each(pairs)('$pair', ({ client, kind }) => {
  test.each([true, false])(
    'fault 43: three calls, the last answer, and a word about it (stream: %s)',
    async (stream) => {
      await using rig = await startDialectRig(kind)
      rig.upstream.always(replyOf(kind, refusal))
      const answer = await rig.send(client, { stream }, insisting)
      const text = await answer.whole()
      expect(answer.status).toBe(200)
      expect(answer.headers['x-gateway-tool-enforcement']).toBe('exhausted')
      if (stream) {
        expect(client.read(text)).toMatchObject({ content: 'I would rather talk.', calls: [], isComplete: true })
      } else expect(client.readWhole(JSON.parse(text))).toEqual({ content: 'I would rather talk.', calls: [] })
      expect(rig.upstream.requests).toHaveLength(3)
      const record = await rig.recorded()
      expect(record.error).toBeUndefined()
      expect(record.usage).toMatchObject({ prompt_tokens: 60, completion_tokens: 12, total_tokens: 72 })
      expect(record.attempts).toMatchObject([{ rounds: 3, toolEnforcement: 'exhausted', relayed: false }])
    },
  )
})
