import { DragomanError, type ErrorCode, heartbeat } from '@dragoman/core'
import type { ChatCompletionChunk, ChatCompletionRequest } from '@dragoman/openai-schema'
import OpenAI from 'openai'
import { expect, test, vi } from 'vitest'
import {
  ask,
  type Chat,
  driven,
  entry,
  fails,
  part,
  request,
  roleOnly,
  says,
  setUp,
  stalls,
  streamed,
  textOf,
} from './test-replies.ts'

test.each([request, streamed])(
  "an answer comes from the first deployment, under the upstream's model id",
  async (body) => {
    const seen = vi.fn()
    const first = entry('a', [
      (sent) => {
        seen(sent.model)
        return says('hi')()
      },
    ])
    const { gateway, records } = setUp([first, entry('b', [says('no')])])
    const answer = await ask(gateway, body)
    expect(await textOf(answer)).toBe('hi')
    expect(answer.route).toMatchObject({ name: 'm', provider: 'a', model: 'up', dropped: [] })
    expect(seen).toHaveBeenCalledExactlyOnceWith('up')
    expect(records).toMatchObject([
      {
        model: 'm',
        status: 200,
        finishReason: 'stop',
        usage: { total_tokens: 3 },
        attempts: [{ provider: 'a', credential: 'k1' }],
      },
    ])
    expect(records[0]?.error).toBeUndefined()
  },
)

test.each<[ErrorCode, ErrorCode]>([
  ['invalid_request', 'invalid_request'],
  ['context_length_exceeded', 'context_length_exceeded'],
  ['content_filter', 'content_filter'],
])('%s is the fault of the request: nothing else is tried', async (code, expected) => {
  const [a, b] = [entry('a', [fails(code)]), entry('b', [says('no')])]
  const { gateway } = setUp([a, b])
  await expect(ask(gateway)).rejects.toMatchObject({ code: expected })
  expect([a.calls.length, b.calls.length]).toEqual([1, 0])
})

test.each<ErrorCode>([
  'upstream_unavailable',
  'upstream_timeout',
  'upstream_protocol',
  'upstream_empty',
  'deployment_not_found',
  'upstream_challenge',
])('after %s the next deployment serves, streamed and whole', async (code) => {
  for (const body of [request, streamed]) {
    const { gateway, records } = setUp([entry('a', [fails(code)]), entry('b', [says('hi')])])
    const answer = await ask(gateway, body)
    expect(await textOf(answer)).toBe('hi')
    expect(answer.route?.provider).toBe('b')
    expect(records[0]?.attempts).toMatchObject([{ provider: 'a', error: { code } }, { provider: 'b' }])
  }
})

test('after a failure of a credential the next one is tried at once, on the same deployment', async () => {
  const a = entry('a', [fails('credential_rejected'), fails('rate_limited'), says('hi')], ['k1', 'k2', 'k3'])
  const { gateway } = setUp([a, entry('b', [says('no')])], { limits: { attempts: 5 } })
  expect(await textOf(await ask(gateway))).toBe('hi')
  expect(a.calls).toEqual(['k1', 'k2', 'k3'])
})

test('bad credentials of one deployment leave the others their attempts', async () => {
  const a = entry('a', [fails('credential_rejected')], ['k1', 'k2', 'k3', 'k4'])
  const { gateway } = setUp([a, entry('b', [says('hi')])])
  expect(await textOf(await ask(gateway))).toBe('hi')
  expect(a.calls).toEqual(['k1', 'k2'])
})

test.each<[ErrorCode, string[]]>([
  ['rate_limited', ['pro', 'flash']],
  ['credential_forbidden', ['pro', 'flash']],
  ['credential_rejected', ['pro']],
])('%s of a credential leads to calls of %j with it', async (code, called) => {
  const models: string[] = []
  const a = entry('a', [])
  Object.assign(a.entry.provider, {
    chat(sent: ChatCompletionRequest) {
      models.push(sent.model)
      return sent.model === 'flash' ? says('hi')() : fails(code)()
    },
  })
  const deployments = ['pro', 'flash'].map((model) => ({ entry: a.entry, model }))
  const { gateway } = setUp([a], { models: [{ name: 'm', deployments }] })
  await ask(gateway).catch(() => {})
  expect(models).toEqual(called)
})

test.each<ErrorCode>(['credential_rejected', 'upstream_challenge'])(
  'after %s a variant of the same provider is not offered the same credentials',
  async (code) => {
    const first = entry('a', [fails(code)])
    const variant = entry('a', [says('no')])
    const shared = { ...variant.entry, credentials: first.entry.credentials }
    const deployments = [first.entry, shared].map((made) => ({ entry: made, model: 'up' }))
    const { gateway } = setUp([first], { models: [{ name: 'm', deployments }] })
    await expect(ask(gateway)).rejects.toBeInstanceOf(DragomanError)
    expect(variant.calls).toEqual([])
  },
)

test('a challenge is not answered with the other credentials of the service', async () => {
  const a = entry('a', [fails('upstream_challenge')], ['k1', 'k2'])
  const { gateway } = setUp([a])
  await expect(ask(gateway)).rejects.toMatchObject({ code: 'upstream_challenge', status: 502 })
  expect(a.calls).toEqual(['k1'])
})

test('an error event before any content leads to another deployment: the client sees only that', async () => {
  const { gateway } = setUp([entry('a', [fails('upstream_unavailable', {}, roleOnly)]), entry('b', [says('hi')])])
  expect(await textOf(await ask(gateway, streamed))).toBe('hi')
})

test('an empty answer is a failure, and so is a stream without an end', async () => {
  const empty = entry('a', [() => (async function* () {})()])
  const { gateway } = setUp([empty, entry('b', [() => cutShort()]), entry('c', [says('hi')])])
  expect(await textOf(await ask(gateway))).toBe('hi')
})

async function* cutShort() {
  yield* part
}

test('a stream that breaks after its first content throws, and nothing else is tried', async () => {
  const b = entry('b', [says('no')])
  const { gateway, records } = setUp([entry('a', [fails('upstream_unavailable', {}, part)]), b])
  const answer = await ask(gateway, streamed)
  await expect(textOf(answer)).rejects.toMatchObject({ code: 'upstream_unavailable' })
  expect(b.calls).toEqual([])
  expect(records).toMatchObject([{ status: 200, error: { code: 'upstream_unavailable' }, usage: { estimated: true } }])
})

test('a whole answer that breaks in its middle is made elsewhere', async () => {
  const { gateway } = setUp([entry('a', [fails('upstream_unavailable', {}, part)]), entry('b', [says('hi')])])
  expect(await textOf(await ask(gateway))).toBe('hi')
})

test('where there is no other deployment the same one is tried again, after growing waits', async () => {
  const a = entry('a', [fails('upstream_unavailable'), fails('upstream_unavailable'), says('hi')])
  const { gateway, clock } = setUp([a])
  const answer = ask(gateway)
  await clock.armed(250)
  expect(a.calls).toHaveLength(1)
  await clock.advance(250)
  expect(a.calls).toHaveLength(2)
  await clock.advance(500)
  expect(await textOf(await answer)).toBe('hi')
})

test('attempts are bounded', async () => {
  const a = entry('a', [fails('upstream_unavailable')])
  const { gateway, clock } = setUp([a])
  await expect(driven(clock, ask(gateway))).rejects.toMatchObject({ code: 'upstream_unavailable', status: 502 })
  expect(a.calls).toHaveLength(3)
})

test('there are never fewer attempts than healthy deployments', async () => {
  const down = ['a', 'b', 'c', 'd'].map((id) => entry(id, [fails('upstream_unavailable')]))
  const { gateway } = setUp([...down, entry('e', [says('hi')])])
  expect(await textOf(await ask(gateway))).toBe('hi')
})

test('a deployment that keeps failing is asked last', async () => {
  const a = entry('a', [fails('upstream_unavailable')])
  const { gateway } = setUp([a, entry('b', [says('hi')])])
  for (let i = 0; i < 5; i++) await ask(gateway)
  expect(a.calls).toHaveLength(3)
})

test.each<[ErrorCode, ErrorCode, number]>([
  ['rate_limited', 'rate_limit_exceeded', 429],
  ['credential_exhausted', 'insufficient_quota', 429],
  ['credential_rejected', 'no_credential', 503],
  ['credential_forbidden', 'no_credential', 503],
])('when every credential fails with %s, the client is told %s', async (code, told, status) => {
  const { gateway } = setUp([entry('a', [fails(code, { retryAfterMs: 5_000 })], ['k1', 'k2'])])
  await expect(ask(gateway)).rejects.toMatchObject({ code: told, status, retryAfterMs: 5_000 })
})

test('what a service says about our account stays with us', async () => {
  const words = { message: 'Project acme-internal of jane@acme.example is out of money' }
  const { gateway, records } = setUp([entry('a', [fails('credential_exhausted', words)])])
  const failure = await ask(gateway).catch((caught: unknown) => caught)
  expect(failure).toMatchObject({
    code: 'insufficient_quota',
    message: 'a has no usable credential: out of quota',
  })
  expect(records[0]?.attempts[0]?.error?.message).toContain('acme-internal')
})

test('a 404 of an upstream is told only where it was the last word', async () => {
  const missing = entry('a', [fails('deployment_not_found')])
  const limited = entry('b', [fails('rate_limited', { retryAfterMs: 3_000 })])
  await expect(ask(setUp([missing, limited]).gateway)).rejects.toMatchObject({
    code: 'rate_limit_exceeded',
    retryAfterMs: 3_000,
  })
  await expect(ask(setUp([missing]).gateway)).rejects.toMatchObject({ code: 'deployment_not_found', status: 404 })
})

test('nothing waits after the last attempt', async () => {
  const a = entry('a', [fails('upstream_unavailable', { retryAfterMs: 8_000 })])
  const { gateway, clock } = setUp([a])
  const failed = ask(gateway)
  failed.catch(() => {})
  for (let i = 0; i < 2; i++) {
    await clock.armed(8_000)
    await clock.advance(8_000)
  }
  await expect(failed).rejects.toMatchObject({ code: 'upstream_unavailable' })
})

test('a record that cannot be kept does not break an answer', async () => {
  const record = () => {
    throw new Error('disk full')
  }
  const { gateway } = setUp([entry('a', [says('hi')])], { record })
  expect(await textOf(await ask(gateway))).toBe('hi')
  expect(await textOf(await ask(gateway, streamed))).toBe('hi')
})

test('leases are given back when transforms fail, and when they come too late', async () => {
  const a = entry('a', [says('hi')])
  const transforms = () => {
    throw new TypeError('bug')
  }
  const models = [{ name: 'm', deployments: [{ entry: a.entry, model: 'up', transforms }] }]
  await expect(ask(setUp([a], { models }).gateway)).rejects.toMatchObject({ code: 'internal' })
  expect(a.entry.credentials.status()).toMatchObject([{ inFlight: 0 }])

  const settled = vi.fn()
  const late = Promise.withResolvers<never>()
  const slow = { ...a.entry, credentials: { ...a.entry.credentials, lease: () => late.promise } }
  const controller = new AbortController()
  const { gateway, clock } = setUp([{ entry: slow }])
  const answer = ask(gateway, request, controller.signal)
  answer.catch(() => {})
  await clock.advance(0)
  controller.abort()
  await expect(answer).rejects.toMatchObject({ code: 'aborted' })
  late.resolve({ credential: { id: 'k', values: {} }, settle: settled } as never)
  await clock.advance(0)
  expect(settled).toHaveBeenCalledExactlyOnceWith({ kind: 'aborted' })
})

test('a whole answer that stalls after its first output is given up', async () => {
  const { gateway, clock } = setUp([entry('a', [stalls(part)]), entry('b', [says('hi')])], {
    limits: { idleMs: 1_000 },
  })
  const answer = ask(gateway)
  await clock.armed(5_000)
  await clock.advance(5_000)
  expect(await textOf(await answer)).toBe('hi')
})

test('an attempt that was under way behind a heartbeat is in the record', async () => {
  const { gateway, clock, records } = setUp([entry('a', [stalls()])])
  const controller = new AbortController()
  await driven(clock, ask(gateway, streamed, controller.signal), 15_000)
  controller.abort()
  await clock.advance(0)
  expect(records).toMatchObject([{ status: 499, attempts: [{ provider: 'a', error: { code: 'aborted' } }] }])
})

test('an unknown model is 404, and recorded', async () => {
  const { gateway, records } = setUp([entry('a', [says('hi')])])
  await expect(ask(gateway, { ...request, model: 'none' })).rejects.toMatchObject({
    code: 'model_not_found',
    param: 'model',
  })
  expect(records).toMatchObject([{ model: 'none', status: 404, attempts: [] }])
})

test('a demand that no deployment can meet is a 400; one that another can meet goes there', async () => {
  const picky = entry('a', [says('no')])
  const refused = { param: 'n', message: 'One at a time' }
  Object.assign(picky.entry.provider, { accepts: () => ({ dropped: [], refused }) })
  await expect(ask(setUp([picky]).gateway)).rejects.toMatchObject({ code: 'unsupported_value', param: 'n' })
  expect(await textOf(await ask(setUp([picky, entry('b', [says('hi')])]).gateway))).toBe('hi')
})

test('fields that the serving provider leaves out are named', async () => {
  const a = entry('a', [says('hi')])
  Object.assign(a.entry.provider, { accepts: () => ({ dropped: ['seed'] }) })
  expect((await ask(setUp([a]).gateway)).route?.dropped).toEqual(['seed'])
})

test('the first-token limit leads to another deployment, and closes the first one', async () => {
  const closed = vi.fn()
  const slow = entry('a', [
    async function* (sent, call) {
      call.signal.addEventListener('abort', () => closed(call.signal.reason.code))
      yield* stalls(roleOnly)(sent, call)
    },
  ])
  const { gateway, clock } = setUp([slow, entry('b', [says('hi')])], { limits: { firstTokenMs: 5_000 } })
  const answer = ask(gateway, streamed)
  await clock.armed(5_000)
  await clock.advance(5_000)
  expect(await textOf(await answer)).toBe('hi')
  expect(closed).toHaveBeenCalledExactlyOnceWith('upstream_timeout')
})

test('an upstream that does not stream has five times as long for its first output', async () => {
  const slow = entry('a', [stalls()])
  Object.assign(slow.entry.provider, { answersWhole: true })
  const { gateway, clock } = setUp([slow, entry('b', [says('hi')])], { limits: { firstTokenMs: 5_000 } })
  const answer = ask(gateway)
  await clock.armed(25_000)
  await clock.advance(25_000)
  expect(await textOf(await answer)).toBe('hi')
})

test('a heartbeat is due after silence, and attempts go on behind it', async () => {
  const { gateway, clock } = setUp([entry('a', [stalls()]), entry('b', [says('hi')])])
  const answer = await driven(clock, ask(gateway, streamed), 15_000)
  expect(answer.route).toBeUndefined()
  const frames = answer.kind === 'chunks' ? answer.chunks[Symbol.asyncIterator]() : undefined
  expect(await frames?.next()).toEqual({ done: false, value: heartbeat }) // it was due: nobody waits for another one
  expect(await driven(clock, textOf(answer), 15_000)).toMatch(/^\*+hi$/)
})

test('when all fails behind a heartbeat, the stream throws', async () => {
  const { gateway, clock, records } = setUp([entry('a', [stalls()])], { limits: { firstTokenMs: 40_000 } })
  const answer = await driven(clock, ask(gateway, streamed), 15_000)
  await expect(driven(clock, textOf(answer), 15_000)).rejects.toMatchObject({ code: 'upstream_timeout' })
  expect(records).toMatchObject([{ status: 200, error: { code: 'upstream_timeout' } }])
})

test('a stream that stalls in its middle is kept alive, then ends with an error', async () => {
  const { gateway, clock } = setUp([entry('a', [stalls(part)])], { limits: { idleMs: 10_000 } })
  const answer = await ask(gateway, streamed)
  let beats = 0
  const reading = (async () => {
    if (answer.kind === 'chunks') for await (const chunk of answer.chunks) beats += chunk === heartbeat ? 1 : 0
  })()
  await expect(driven(clock, reading)).rejects.toMatchObject({ code: 'upstream_timeout', origin: 'upstream' })
  expect(beats).toBe(3)
})

test('a slow reader is not a stalled upstream', async () => {
  const { gateway, clock } = setUp([entry('a', [says('hi')])], { limits: { idleMs: 1_000 } })
  const answer = await ask(gateway, streamed)
  await clock.advance(3_000_000)
  expect(await textOf(answer)).toBe('hi')
})

test('the total limit ends whatever goes on, with an error', async () => {
  const { gateway, clock } = setUp([entry('a', [stalls(part)])], { limits: { totalMs: 20_000 } })
  const answer = await ask(gateway, streamed)
  await expect(driven(clock, textOf(answer))).rejects.toMatchObject({
    code: 'upstream_timeout',
    message: expect.stringContaining('totalMs'),
  })
  await expect(
    driven(clock, ask(setUp([entry('a', [stalls()])], { clock, limits: { totalMs: 20_000 } }).gateway)),
  ).rejects.toMatchObject({ message: expect.stringContaining('totalMs') })
})

test('a client that leaves stops the upstream, at every stage, and is recorded once', async () => {
  for (const [body, reply] of [
    [request, stalls()],
    [request, stalls(part)],
    [streamed, stalls(roleOnly)],
    [streamed, stalls(part)],
  ] as const) {
    const closed = vi.fn()
    const watched: Chat = (sent, call) => {
      call.signal.addEventListener('abort', closed)
      return reply(sent, call)
    }
    const { gateway, records, clock } = setUp([entry('a', [watched])])
    const controller = new AbortController()
    const answer = ask(gateway, body, controller.signal).then(textOf)
    answer.catch(() => {})
    await clock.advance(0)
    controller.abort()
    await expect(answer).rejects.toMatchObject({ code: 'aborted' })
    expect(closed).toHaveBeenCalledOnce()
    expect(records).toMatchObject([{ status: 499, error: { code: 'aborted' } }])
    expect(clock.pending).toBe(0)
  }
})

test('an attempt that is given up stops its provider, also one that cannot be left', async () => {
  const aborted = vi.fn()
  const [role] = part
  const failing = {
    ...role,
    choices: [{ index: 0, delta: {}, finish_reason: 'error' }],
  } as unknown as ChatCompletionChunk
  const stubborn: Chat = (_request, { signal }) => {
    signal.addEventListener('abort', () => aborted(signal.reason.code))
    return { [Symbol.asyncIterator]: () => ({ next: async () => ({ done: false, value: failing }) }) }
  }
  const { gateway } = setUp([entry('a', [stubborn]), entry('b', [says('hi')])])
  expect(await textOf(await ask(gateway))).toBe('hi')
  expect(aborted).toHaveBeenCalledExactlyOnceWith('upstream_unavailable')
})

test('leaving the answer early stops the upstream and gives the credential back', async () => {
  const a = entry('a', [stalls(part)])
  const { gateway, records } = setUp([a])
  const answer = await ask(gateway, streamed)
  if (answer.kind === 'chunks') for await (const _chunk of answer.chunks) break
  expect(records).toMatchObject([{ error: { code: 'aborted' } }])
  expect(a.entry.credentials.status()).toMatchObject([{ inFlight: 0 }])
})

test('a provider that throws, rejects or never settles fails its request and nothing else', async () => {
  const throwing = () => {
    throw new TypeError('bug')
  }
  const deaf: Chat = () => ({ [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }) })
  for (const chat of [throwing, deaf]) {
    const { gateway, clock, records } = setUp([entry('a', [chat])], { limits: { totalMs: 60_000 } })
    for (const body of [request, streamed]) {
      const failed = driven(clock, ask(gateway, body).then(textOf), 15_000)
      await expect(failed).rejects.toBeInstanceOf(DragomanError)
    }
    expect(records).toHaveLength(2)
  }
})

test('no timer is left when an answer is over', async () => {
  const { gateway, clock } = setUp([entry('a', [says('hi')])])
  await textOf(await ask(gateway))
  await textOf(await ask(gateway, streamed))
  expect(clock.pending).toBe(0)
})

test('models lists groups, then what providers list, bare and with the provider, each id once', async () => {
  const a = entry('a', [says('hi')])
  const list = vi.fn(async () => [{ id: 'x', object: 'model' as const, created: 1, owned_by: 'o' }])
  Object.assign(a.entry.provider, { models: list })
  const broken = entry('b', [says('hi')])
  Object.assign(broken.entry.provider, {
    models: () => Promise.reject(new DragomanError('upstream_unavailable', 'down')),
  })
  const { gateway, clock } = setUp([a, broken])
  const ids = async () => (await gateway.models(new AbortController().signal)).map(({ id }) => id)
  expect(await ids()).toEqual(['m', 'x', 'a/x'])
  await ids()
  expect(list).toHaveBeenCalledTimes(1)
  await clock.advance(600_000)
  list.mockRejectedValueOnce(new Error('down'))
  expect(await ids()).toEqual(['m', 'x', 'a/x'])
  expect(list).toHaveBeenCalledTimes(2)
})

test('a provider whose list does not come holds up nobody for long, and is not asked at every turn', async () => {
  const a = entry('a', [says('hi')])
  const list = vi.fn(() => new Promise<never>(() => {}))
  Object.assign(a.entry.provider, { models: list })
  const { gateway, clock } = setUp([a], { fallbackName: 'm' })
  const ids = driven(clock, gateway.models(new AbortController().signal))
  expect((await ids).map(({ id }) => id)).toEqual(['m'])
  for (let i = 0; i < 20; i++)
    expect(await textOf(await ask(gateway, { ...request, model: `unknown-${i}` }))).toBe('hi')
  expect(list).toHaveBeenCalledOnce()
  await clock.advance(30_000)
  await ask(gateway, { ...request, model: 'unknown' })
  expect(list).toHaveBeenCalledTimes(2)
})

test('a bare name that a provider lists is served by it, without anybody having asked for the list', async () => {
  const a = entry('a', [says('hi')])
  Object.assign(a.entry.provider, { models: async () => [{ id: 'x', object: 'model', created: 1, owned_by: 'o' }] })
  const { gateway } = setUp([a])
  expect((await ask(gateway, { ...request, model: 'x' })).route).toMatchObject({ name: 'x', provider: 'a', model: 'x' })
})

test('a provider that knows its models by itself lists them though no credential is to be had', async () => {
  const a = entry('a', [says('hi')], [])
  const models = vi.fn(async ({ credential }: { credential: { id: string } }) => {
    return credential.id === 'none' ? [{ id: 'x', object: 'model' as const, created: 1, owned_by: 'o' }] : []
  })
  Object.assign(a.entry.provider, { models })
  const refusal = new DragomanError('no_credential', 'a has no usable credential: a:1 is cooling')
  const lease = () => Promise.reject(refusal)
  const { gateway } = setUp(
    [{ entry: { ...a.entry, credentials: { lease, status: () => [] } } }, entry('b', [says('other')])],
    {
      models: [],
      fallbackName: 'b/y',
    },
  )
  expect((await gateway.models(new AbortController().signal)).map(({ id }) => id)).toEqual(['x', 'a/x'])
  // The default model does not answer in its place.
  await expect(ask(gateway, { ...request, model: 'x' })).rejects.toMatchObject({ code: 'no_credential' })
  expect(a.calls).toEqual([])
})

test('the OpenAI SDK runs on gateway.fetch', async () => {
  const { gateway } = setUp([entry('a', [fails('upstream_unavailable')]), entry('b', [says('hi')])])
  const client = new OpenAI({ apiKey: '-', baseURL: 'http://in.process/v1', fetch: gateway.fetch })
  const stream = client.chat.completions.stream({ model: 'm', messages: [{ role: 'user', content: 'x' }] })
  expect(await stream.finalContent()).toBe('hi')
})
