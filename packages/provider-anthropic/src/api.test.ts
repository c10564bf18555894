import { collect, credential, type DragomanError } from '@dragoman/core'
import { eventStream, htmlPage, jsonReply, type Reply } from '@dragoman/testkit'
import { describe, expect, test } from 'vitest'
import { anthropic } from './index.ts'
import { answer, error, models, now, startAnthropic } from './test-anthropic.ts'

type Rig = Awaited<ReturnType<typeof startAnthropic>>

const request = { model: 'claude-sonnet-4-5', messages: [{ role: 'user' as const, content: 'Hi' }] }

const failure = ({ provider, call }: Rig): Promise<unknown> =>
  collect(provider.chat(request, call), request).then(
    () => expect.fail('there was an answer'),
    (thrown: unknown) => thrown,
  )

const inBand = (type: string, message: string): Reply => {
  const event = { type: 'error', error: { type, message }, request_id: 'req_1' }
  return eventStream([`event: error\ndata: ${JSON.stringify(event)}\n\n`])
}

describe('covers anthropic errors: what each means', () => {
  const tooLong = 'prompt is too long: 208310 tokens > 200000 maximum'
  const poor = 'Your credit balance is too low to access the Anthropic API.'
  const limited = 'You have reached your specified API usage limits. You will regain access on 2026-12-01 at 00:00 UTC.'

  test.each<[number, string, string, Partial<DragomanError>]>([
    [
      400,
      'invalid_request_error',
      'messages: Field required',
      { code: 'invalid_request', message: 'messages: Field required' },
    ],
    [400, 'invalid_request_error', tooLong, { code: 'context_length_exceeded', message: tooLong }],
    [
      400,
      'invalid_request_error',
      'input length and `max_tokens` exceed context limit: 1 + 2 > 2',
      { code: 'context_length_exceeded' },
    ],
    [400, 'invalid_request_error', poor, { code: 'credential_exhausted' }],
    [400, 'invalid_request_error', 'This organization has been disabled.', { code: 'credential_disabled' }],
    [
      400,
      'invalid_request_error',
      limited,
      { code: 'credential_exhausted', retryAfterMs: Date.UTC(2026, 11, 1) - now },
    ],
    [401, 'authentication_error', 'invalid x-api-key', { code: 'credential_rejected' }],
    [402, 'billing_error', 'no', { code: 'credential_exhausted' }],
    [403, 'permission_error', 'no', { code: 'credential_forbidden' }],
    [404, 'not_found_error', 'model: claude-9', { code: 'deployment_not_found' }],
    [409, 'invalid_request_error', 'no', { code: 'invalid_request' }],
    [413, 'request_too_large', 'Request exceeds the maximum size', { code: 'request_too_large' }],
    [429, 'rate_limit_error', 'slower', { code: 'rate_limited' }],
    [500, 'api_error', 'Internal server error', { code: 'upstream_unavailable' }],
    [504, 'timeout_error', 'late', { code: 'upstream_timeout' }],
    [529, 'overloaded_error', 'Overloaded', { code: 'upstream_overloaded', status: 503, scope: 'upstream' }],
  ])('%i %s: %s', async (status, type, message, expected) => {
    await using rig = await startAnthropic()
    rig.script(error(status, type, message))
    expect(await failure(rig)).toMatchObject({ ...expected, origin: 'upstream' })
  })

  test.each<[string, string, string]>([
    ['overloaded_error', 'Overloaded', 'upstream_overloaded'],
    ['rate_limit_error', 'slower', 'rate_limited'],
    ['invalid_request_error', poor, 'credential_exhausted'],
    ['api_error', 'Internal server error', 'upstream_unavailable'],
  ])('%s inside of a stream: %s', async (type, message, code) => {
    await using rig = await startAnthropic()
    rig.script(inBand(type, message))
    expect(await failure(rig)).toMatchObject({ code, origin: 'upstream' })
  })

  test('of a limit that is used up the headers say for how long', async () => {
    await using rig = await startAnthropic()
    const headers = {
      'anthropic-ratelimit-requests-remaining': '0',
      'anthropic-ratelimit-requests-reset': new Date(now + 30_000).toISOString(),
    }
    rig.script({
      ...error(429, 'rate_limit_error', 'slower'),
      headers: { 'content-type': 'application/json', ...headers },
    })
    expect(await failure(rig)).toMatchObject({ code: 'rate_limited', retryAfterMs: 30_000 })
  })

  test('an overloaded service may say when to come again', async () => {
    await using rig = await startAnthropic()
    const reply = error(529, 'overloaded_error', 'Overloaded')
    rig.script({ ...reply, headers: { ...reply.headers, 'retry-after': '7' } })
    expect(await failure(rig)).toMatchObject({ publicCode: 'overloaded', retryAfterMs: 7000 })
  })
})

describe('what goes with each request', () => {
  test('the key, the version, and the betas of the configuration', async () => {
    await using rig = await startAnthropic({ version: '2024-01-01', beta: ['a-2025', 'b-2025'] })
    rig.script(answer([{ text: 'Hello' }]))
    await collect(rig.provider.chat(request, rig.call), request)
    expect((await rig.upstream.received(1)).headers).toMatchObject({
      'x-api-key': 'the-key',
      'anthropic-version': '2024-01-01',
      'anthropic-beta': 'a-2025,b-2025',
    })
  })

  test('a token goes as a bearer token, without a key', async () => {
    await using rig = await startAnthropic()
    const call = { ...rig.call, credential: credential({ authToken: 'the-token' }) }
    await expect(collect(rig.provider.chat(request, call), request)).rejects.toMatchObject({
      code: 'credential_rejected',
    })
    const { headers } = await rig.upstream.received(1)
    expect(headers.authorization).toBe('Bearer the-token')
    expect(headers).not.toHaveProperty('x-api-key')
  })

  test('a credential is a key or a token', () => {
    for (const one of [{ apiKey: 'k' }, { authToken: 't' }])
      expect(anthropic.credential.safeParse(one).success).toBe(true)
    for (const none of [{}, { apiKey: 'a b' }]) expect(anthropic.credential.safeParse(none).success).toBe(false)
  })

  test.each(['', '/', '/v1', '/v1/'])('an address may end in %j', async (end) => {
    await using rig = await startAnthropic()
    const provider = anthropic.create({ baseUrl: `${rig.upstream.origin}${end}` })
    rig.script(models(['claude-a']))
    expect((await provider.models?.(rig.call))?.map(({ id }) => id)).toEqual(['claude-a'])
    await provider.close()
  })
})

describe('the models it lists', () => {
  test('are asked for page by page', async () => {
    await using rig = await startAnthropic()
    rig.script(models(['claude-a', 'claude-b'], { has_more: true }), models(['claude-c']))
    expect(await rig.provider.models?.(rig.call)).toEqual(
      ['claude-a', 'claude-b', 'claude-c'].map((id) => ({
        id,
        object: 'model',
        type: 'model',
        created: Date.UTC(2026, 6, 24) / 1000,
        created_at: '2026-07-24T00:00:00Z',
        display_name: id.toUpperCase(),
        owned_by: 'anthropic',
      })),
    )
    expect(rig.upstream.requests.map(({ path }) => path)).toEqual([
      '/v1/models?limit=1000',
      '/v1/models?limit=1000&after_id=claude-b',
    ])
  })

  test('end where a page repeats itself', async () => {
    await using rig = await startAnthropic()
    const same = models(['claude-a'], { has_more: true })
    rig.script(same, same, same)
    await rig.provider.models?.(rig.call)
    expect(rig.upstream.requests).toHaveLength(2)
  })

  test('are those of the configuration where it has some, and nobody is asked', async () => {
    await using rig = await startAnthropic({ models: ['claude-x'] })
    expect(await rig.provider.models?.(rig.call)).toMatchObject([{ id: 'claude-x', object: 'model' }])
    expect(rig.upstream.requests).toHaveLength(0)
  })

  test('are an error where the answer is no list', async () => {
    await using rig = await startAnthropic()
    rig.script(jsonReply({ models: [] }))
    await expect(rig.provider.models?.(rig.call)).rejects.toMatchObject({ code: 'upstream_protocol' })
  })
})

describe('a probe', () => {
  test.each<[string, Reply, string]>([
    ['a list', models(['claude-a']), 'ok'],
    ['a 401', error(401, 'authentication_error', 'invalid x-api-key'), 'rejected'],
    [
      'a disabled organization',
      error(400, 'invalid_request_error', 'This organization has been disabled.'),
      'rejected',
    ],
    [
      'a browser check',
      { ...htmlPage(403, 'Just a moment...'), headers: { 'content-type': 'text/html', 'cf-mitigated': 'challenge' } },
      'challenged',
    ],
  ])('that is answered with %s', async (_, reply, outcome) => {
    await using rig = await startAnthropic()
    rig.script(reply)
    expect(await rig.provider.probe?.(rig.call.credential, rig.call)).toBe(outcome)
    expect((await rig.upstream.received(1)).path).toBe('/v1/models?limit=1')
  })

  test('that fails for another reason says nothing about the key', async () => {
    await using rig = await startAnthropic()
    rig.script(error(500, 'api_error', 'Internal server error'))
    await expect(rig.provider.probe?.(rig.call.credential, rig.call)).rejects.toMatchObject({
      code: 'upstream_unavailable',
    })
  })
})

describe('tokens are counted', () => {
  const body = { ...request, max_tokens: 5, stream: true, system: 'Be brief.' }

  test('by the service, of a request of Messages as it came', async () => {
    await using rig = await startAnthropic()
    rig.script(jsonReply({ input_tokens: 123 }))
    const asked = { endpoint: 'messages/count_tokens', model: body.model, body: { kind: 'json', json: body } } as const
    expect(await rig.provider.serve?.(asked, rig.call)).toEqual({ kind: 'json', json: { input_tokens: 123 } })
    expect(await rig.sent()).toEqual({ ...request, system: 'Be brief.' })
    expect(rig.provider.endpoints).toContain('messages/count_tokens')
  })

  test('and nothing else is served', async () => {
    await using rig = await startAnthropic()
    const asked = { endpoint: 'embeddings', model: 'a', body: { kind: 'json', json: {} } } as const
    await expect(rig.provider.serve?.(asked, rig.call)).rejects.toMatchObject({ code: 'unsupported_endpoint' })
  })
})
