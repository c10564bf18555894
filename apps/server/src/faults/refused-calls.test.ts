import { tokens } from '@dragoman/testkit'
import { expect, test } from 'vitest'
import { pairs, startDialectRig } from './test-dialect-rig.ts'
import { replyOf } from './test-dialect-upstreams.ts'

const insisting = { headers: { 'x-gateway-ensure-tool-call': 'on' } }
const refusal = { text: ['I would rather ', 'talk.'], usage: tokens(20, 4) }

// The client says that it wants a call, and the model never makes one.
test.each(pairs)('fault 43: three calls, the last answer, and a word about it: $pair', async ({ client, kind }) => {
  await using rig = await startDialectRig(kind)
  rig.upstream.always(replyOf(kind, refusal))
  for (const stream of [false, true]) {
    const before = rig.upstream.requests.length
    const answer = await rig.send(client, { stream }, insisting)
    const text = await answer.whole()
    expect(answer.status).toBe(200)
    expect(answer.headers['x-gateway-tool-enforcement']).toBe('exhausted')
    const read = stream ? client.read(text) : client.readWhole(JSON.parse(text))
    expect(read).toMatchObject({ content: 'I would rather talk.', calls: [], ...(stream && { isComplete: true }) })
    expect(rig.upstream.requests).toHaveLength(before + 3)
    const record = await rig.recorded(rig.records.length)
    expect(record.error).toBeUndefined()
    expect(record.usage).toMatchObject({ prompt_tokens: 60, completion_tokens: 12, total_tokens: 72 })
    expect(record.attempts).toMatchObject([{ rounds: 3, toolEnforcement: 'exhausted', relayed: false }])
  }
})
