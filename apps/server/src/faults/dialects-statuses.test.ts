import { Secret } from '@dragoman/core'
import { canary, errorReply, gate, htmlPage, jsonReply, noReply, type Reply, reset } from '@dragoman/testkit'
import { describe, expect, test } from 'vitest'
import { clients, type DialectClient } from './test-dialect-clients.ts'
import { pairs, startDialectRig } from './test-dialect-rig.ts'
import { type UpstreamKind, upstreamKinds } from './test-dialect-upstreams.ts'
import type { ClientAnswer } from './test-stream-rig.ts'

// Failures of upstreams before the first byte: the status and the body of an error in the client's dialect.

interface Told {
  readonly status: number
  /** `type` and `code` for clients of OpenAI's dialects. */
  readonly openai: readonly [type: string, code: string | null]
  /** `type` for clients of Messages. */
  readonly messages: string
  readonly message?: RegExp
  readonly headers?: Readonly<Record<string, string | undefined>>
}

type Case = readonly [what: string, reply: (kind: UpstreamKind) => Reply, told: Told]

const answer =
  (status: number, message: string, headers: Readonly<Record<string, string>> = {}) =>
  (kind: UpstreamKind): Reply =>
    jsonReply(kind.errorBody(message), status, headers)

const invalid = 'invalid_request_error'

const cases: readonly Case[] = [
  [
    'a 400',
    answer(400, 'temperature must be below 2'),
    { status: 400, openai: [invalid, null], messages: invalid, message: /temperature must be below 2/ },
  ],
  [
    'a prompt that is too long',
    (kind) =>
      kind.name === 'anthropic'
        ? answer(400, 'prompt is too long: 210000 tokens > 200000 maximum')(kind)
        : errorReply(400, {
            error: {
              message: "This model's maximum context length is 8192 tokens",
              type: invalid,
              param: 'messages',
              code: 'context_length_exceeded',
            },
          }),
    {
      status: 400,
      openai: [invalid, 'context_length_exceeded'],
      messages: invalid,
      message: /prompt is too long|maximum context length/,
    },
  ],
  [
    'a 401',
    answer(401, 'invalid x-api-key'),
    {
      status: 503,
      openai: ['server_error', 'no_credential'],
      messages: 'overloaded_error',
      message: /^(?!.*x-api-key)/,
    },
  ],
  [
    'a 402',
    answer(402, 'Pay your bill'),
    {
      status: 429,
      openai: ['insufficient_quota', 'insufficient_quota'],
      messages: 'rate_limit_error',
      message: /^(?!.*Pay your bill)/,
      headers: { 'x-should-retry': 'false' },
    },
  ],
  [
    'a 403',
    answer(403, 'Not for you'),
    { status: 503, openai: ['server_error', 'no_credential'], messages: 'overloaded_error' },
  ],
  [
    'a 404',
    answer(404, 'There is no such model'),
    { status: 404, openai: [invalid, 'model_not_found'], messages: 'not_found_error' },
  ],
  [
    'a 413',
    answer(413, 'Request exceeds the maximum size'),
    { status: 413, openai: [invalid, 'request_too_large'], messages: 'request_too_large' },
  ],
  ['a 422', answer(422, 'Field required'), { status: 400, openai: [invalid, null], messages: invalid }],
  [
    'a 429 with a time',
    answer(429, 'Slow down', { 'retry-after': '7' }),
    {
      status: 429,
      openai: ['rate_limit_error', 'rate_limit_exceeded'],
      messages: 'rate_limit_error',
      headers: { 'retry-after': '7', 'x-should-retry': undefined },
    },
  ],
  [
    'a 429 with a long time',
    answer(429, 'Slow down', { 'retry-after': '3600' }),
    {
      status: 429,
      openai: ['rate_limit_error', 'rate_limit_exceeded'],
      messages: 'rate_limit_error',
      message: /3600 s/,
      headers: { 'retry-after': '60', 'x-should-retry': 'false' },
    },
  ],
  [
    'a 500',
    answer(500, 'Internal server error'),
    { status: 502, openai: ['server_error', 'upstream_unavailable'], messages: 'api_error' },
  ],
  [
    'a page as a 502',
    () => htmlPage(502, 'Bad gateway'),
    { status: 502, openai: ['server_error', 'upstream_unavailable'], messages: 'api_error', message: /^(?!.*<)/s },
  ],
  [
    'a page with status 200',
    () => htmlPage(200),
    { status: 502, openai: ['server_error', 'upstream_protocol'], messages: 'api_error', message: /^(?!.*<html)/s },
  ],
  [
    'a reset',
    () => ({ before: [reset()] }),
    { status: 502, openai: ['server_error', 'upstream_unavailable'], messages: 'api_error' },
  ],
]

async function expectTold(client: DialectClient, given: ClientAnswer, told: Told): Promise<void> {
  expect(given.status).toBe(told.status)
  expect(given.headers['content-type']).toMatch(/^application\/json/)
  expect(given.headers['x-request-id']).toMatch(/^req_/)
  const json = JSON.parse(await given.whole())
  const error = client.readError(json)
  if (client.dialect === 'messages') {
    expect(error.type).toBe(told.messages)
    expect(given.headers['request-id']).toBe(given.headers['x-request-id'])
    expect(json.request_id).toBe(given.headers['request-id'])
  } else expect([error.type, error.code]).toEqual(told.openai)
  if (told.message) expect(error.message).toMatch(told.message)
  for (const [name, value] of Object.entries(told.headers ?? {})) expect(given.headers[name]).toBe(value)
}

describe.each(pairs)('$pair', ({ client, kind }) => {
  test.each(cases)('%s before the first byte is told with its status', async (_what, reply, told) => {
    await using rig = await startDialectRig(kind)
    rig.upstream.always(reply(kind))
    for (const stream of [true, false]) await expectTold(client, await rig.send(client, { stream }), told)
  })

  test('silence until the limit for the first output is a 504', async () => {
    await using rig = await startDialectRig(kind, { gatewayLimits: { firstTokenMs: 1_000 } })
    const silence = gate()
    rig.upstream.script({ ...noReply(), before: [silence] })
    const asking = rig.send(client)
    await silence.reached
    await rig.pass(asking, 10_000)
    const told: Told = { status: 504, openai: ['server_error', 'upstream_timeout'], messages: 'timeout_error' }
    await expectTold(client, await asking, told)
  })
})

const overload: Told = { status: 503, openai: ['server_error', 'overloaded'], messages: 'overloaded_error' }

test.each(clients.map((client) => ({ client, dialect: client.dialect })))(
  "Anthropic's 529 is a failure of the upstream ($dialect)",
  async ({ client }) => {
    const kind = upstreamKinds.find(({ name }) => name === 'anthropic')
    if (!kind) throw new Error('There is no such kind')
    await using rig = await startDialectRig(kind)
    rig.upstream.script(jsonReply({ type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }, 529))
    await expectTold(client, await rig.send(client), overload)
  },
)

const keys = [{ name: 'team', key: new Secret(canary('client key')) }]

describe.each(clients.map((client) => ({ client, dialect: client.dialect })))('$dialect', ({ client }) => {
  const [kind] = upstreamKinds
  if (!kind) throw new Error('There is no kind')
  const unauthorized: Told = { status: 401, openai: [invalid, 'invalid_api_key'], messages: 'authentication_error' }

  test.each<[string, Record<string, string>]>([
    ['no key', {}],
    ['a wrong bearer', { authorization: 'Bearer sk-wrong' }],
    ['a wrong x-api-key', { 'x-api-key': 'sk-wrong' }],
    ['a wrong key before a right one', { authorization: 'Bearer sk-wrong', 'x-api-key': canary('client key') }],
  ])('fault 53: %s is a 401 in the dialect, and nothing is called', async (_which, headers) => {
    await using rig = await startDialectRig(kind, { keys })
    const given = await rig.send(client, {}, { headers })
    await expectTold(client, given, unauthorized)
    expect(given.headers['www-authenticate']).toBe('Bearer')
    expect(given.text).not.toContain(canary('client key').slice(0, 12))
    expect(rig.upstream.requests).toHaveLength(0)
  })

  test.each<[string, Record<string, string>]>([
    ['Authorization', { authorization: `bearer ${canary('client key')}` }],
    ['x-api-key', { 'x-api-key': canary('client key') }],
    ['api-key', { 'api-key': canary('client key') }],
    ['x-api-key behind another scheme', { authorization: 'Basic x', 'x-api-key': canary('client key') }],
  ])('a right key is taken from %s, and does not go upstream', async (_where, headers) => {
    await using rig = await startDialectRig(kind, { keys })
    rig.upstream.script(errorReply(400, 'seen'))
    expect((await rig.send(client, {}, { headers })).status).toBe(400)
    expect(JSON.stringify(rig.upstream.requests[0]?.headers)).not.toContain(canary('client key'))
  })

  test('a model that is not there is a 404, by name', async () => {
    await using rig = await startDialectRig(kind)
    const told: Told = {
      status: 404,
      openai: [invalid, 'model_not_found'],
      messages: 'not_found_error',
      message: /gpt-99/,
    }
    await expectTold(client, await rig.send(client, { model: 'gpt-99' }), told)
  })
})
