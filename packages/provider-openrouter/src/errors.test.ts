import { completion, errorReply, eventStream, jsonReply, sse, stall } from '@dragoman/testkit'
import { describe, expect, test } from 'vitest'
import { now, startOpenRouter as start } from './test-openrouter.ts'

const failed = (code: number | string, message: string, metadata?: object) => ({ error: { code, message, metadata } })
const behind = (raw: unknown) => ({ provider_name: 'Novita', raw })

test.each([
  [400, 'invalid_request'],
  [401, 'credential_rejected'],
  [402, 'credential_exhausted'],
  [403, 'credential_forbidden'],
  [404, 'deployment_not_found'],
  [408, 'upstream_timeout'],
  [413, 'request_too_large'],
  [422, 'invalid_request'],
  [429, 'rate_limited'],
  [500, 'upstream_unavailable'],
  [502, 'upstream_unavailable'],
  [503, 'upstream_unavailable'],
  [524, 'upstream_timeout'],
  [529, 'upstream_unavailable'],
])('covers openrouter errors: a %i is %s, as a status, inside a 200 and in a stream', async (code, expected) => {
  const error = { code: expected, origin: 'upstream' }
  const body = failed(code, 'because', behind('{"error":{"message":"of something"}}'))
  await using asStatus = await start(errorReply(code, body))
  await expect(asStatus.answer()).rejects.toMatchObject(error)
  await using inside = await start(jsonReply(body))
  await expect(inside.answer()).rejects.toMatchObject(error)
  const begun = { choices: [{ index: 0, delta: { content: 'Hi' }, finish_reason: null }] }
  const last = { ...body, choices: [{ index: 0, delta: { content: '' }, finish_reason: 'error' }] }
  await using streamed = await start(eventStream(sse(begun, last)))
  await expect(streamed.answer()).rejects.toMatchObject(error)
})

test('a text as the code of an error in a stream is one of the upstream', async () => {
  await using rig = await start(eventStream(sse({ ...failed('server_error', 'Provider disconnected'), choices: [] })))
  await expect(rig.answer()).rejects.toMatchObject({ code: 'upstream_unavailable' })
})

test.each([
  ['in a stream', (choice: object) => eventStream(sse({ choices: [{ index: 0, delta: {}, ...choice }] }))],
  ['whole', (choice: object) => jsonReply({ choices: [{ index: 0, message: { role: 'assistant' }, ...choice }] })],
])('a choice that holds an error is that error: %s', async (_, reply) => {
  const error = { code: 429, message: 'Slow down', metadata: { provider_name: 'Novita' } }
  await using rig = await start(reply({ finish_reason: 'error', error }))
  await expect(rig.answer()).rejects.toMatchObject({
    code: 'rate_limited',
    message: expect.stringContaining('Slow down'),
  })
})

test('an error in a choice lets go of a stream that stays open', async () => {
  const frame = { choices: [{ index: 0, delta: {}, finish_reason: null, error: { code: 502, message: 'no' } }] }
  await using rig = await start(eventStream([...sse(frame), stall()]))
  await expect(rig.answer()).rejects.toMatchObject({ code: 'upstream_unavailable' })
  await expect((await rig.upstream.received(1)).closed).resolves.toBe('aborted')
})

test('a finish reason of error is never an answer', async () => {
  const frame = { choices: [{ index: 0, delta: { content: 'Hal' }, finish_reason: 'error' }] }
  await using rig = await start(eventStream(sse(frame, '[DONE]')))
  await expect(rig.answer()).rejects.toMatchObject({ code: 'upstream_unavailable' })
})

test('an answer that comes whole is one', async () => {
  await using rig = await start(completion({ text: 'Hi', reasoning: 'Well.' }))
  expect((await rig.answer()).choices[0]?.message).toMatchObject({ content: 'Hi', reasoning_content: 'Well.' })
})

describe('what the provider behind it said', () => {
  const raw = JSON.stringify({ error: { message: 'maximum context length is 262144 tokens', type: 'invalid_request' } })

  test('is the error where the caller is at fault', async () => {
    await using rig = await start(errorReply(400, failed(400, 'Provider returned error', behind(raw))))
    await expect(rig.answer()).rejects.toMatchObject({
      code: 'context_length_exceeded',
      message: 'maximum context length is 262144 tokens',
    })
  })

  test.each([
    ['JSON in a text', '{"error":{"message":"Model is warming up"}}'],
    ['an object', { detail: 'Model is warming up' }],
    ['a text', 'Model is warming up'],
  ])('is told beside the error otherwise: %s', async (_, said) => {
    await using rig = await start(errorReply(502, failed(502, 'Provider returned error', behind(said))))
    await expect(rig.answer()).rejects.toMatchObject({
      code: 'upstream_unavailable',
      message: 'OpenRouter answered 502: Provider returned error (Novita answered 502: Model is warming up)',
    })
  })

  test('of its own account says nothing about our key', async () => {
    const said = { error: { code: 'insufficient_quota', message: 'You exceeded your current quota' } }
    await using rig = await start(errorReply(429, failed(429, 'Provider returned error', behind(JSON.stringify(said)))))
    await expect(rig.answer()).rejects.toMatchObject({ code: 'rate_limited' })
  })

  test.each([1985, 1990, 1995])(
    'is told without the key, also where it is cut at it: after %i characters',
    async (length) => {
      const said = `${'no such user '.repeat(200).slice(0, length)} knock-knock-it-is-me and more of it`
      for (const reply of [
        errorReply(500, failed(500, 'no', behind(said))),
        eventStream(sse({ choices: [{ index: 0, delta: {}, ...failed(500, 'no', behind(said)) }] })),
      ]) {
        await using rig = await start(reply)
        const error: unknown = await rig.answer().catch((thrown: unknown) => thrown)
        expect(String(error)).toContain('no such user')
        expect(String(error)).not.toContain('knock')
      }
    },
  )
})

test('a moderation is a filter, by its reasons; another 403 rests the key for that model', async () => {
  const reasons = { reasons: ['violence'], flagged_input: 'my own words', provider_name: 'OpenAI' }
  await using flagged = await start(errorReply(403, failed(403, 'It requires moderation', reasons)))
  const error: unknown = await flagged.answer().catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({ code: 'content_filter', publicCode: 'content_policy_violation' })
  expect(String(error)).not.toContain('my own words')
  await using guarded = await start(errorReply(403, failed(403, 'Blocked by a guardrail', {})))
  await expect(guarded.answer()).rejects.toMatchObject({ code: 'credential_forbidden' })
})

test.each([
  ['a header', {}, { 'retry-after': '7' }, 7000],
  [
    'the metadata',
    { headers: { 'X-RateLimit-Remaining': '0', 'X-RateLimit-Reset': String(now + 60_000) } },
    {},
    60_000,
  ],
  ['nothing', { provider_name: 'Novita' }, {}, undefined],
])('a limit ends when %s says', async (_, metadata, headers, retryAfterMs) => {
  await using rig = await start(errorReply(429, failed(429, 'Rate limit exceeded', metadata), headers))
  await expect(rig.answer()).rejects.toMatchObject({ code: 'rate_limited', retryAfterMs })
})

test('a balance that is used up waits as long as it is told to', async () => {
  await using rig = await start(errorReply(402, failed(402, 'Requires more credits'), { 'retry-after': '30' }))
  await expect(rig.answer()).rejects.toMatchObject({ code: 'credential_exhausted', retryAfterMs: 30_000 })
})
