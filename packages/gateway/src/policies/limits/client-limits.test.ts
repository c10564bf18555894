import { type ClientRights, DragomanError, type LogEntry, memoryBudgets, type Provider } from '@dragoman/core'
import type { ChatCompletionRequest } from '@dragoman/openai-schema'
import { chatChunks, handClock, tokens } from '@dragoman/testkit'
import { expect, test } from 'vitest'
import type { ModelGroup, ProviderEntry } from '../../deployments.ts'
import { createGateway, type GatewayOptions } from '../../gateway.ts'
import type { Price } from '../../pricing/price.ts'
import { staticCredentials } from '../../static-credentials.ts'
import { clientLimits } from './client-limits.ts'

const asked: ChatCompletionRequest = { model: 'small', messages: [{ role: 'user', content: 'Hello' }], max_tokens: 50 }

/** Two services: `one` lists `tiny` and `huge`, `two` lists `other`. Groups: small, Big, vendor-*, guarded. */
function setUp(
  options: Partial<GatewayOptions> & {
    usage?: ReturnType<typeof tokens>
    fails?: string[]
    serve?: Provider['serve']
  } = {},
) {
  const clock = handClock()
  const called: string[] = []
  const entry = (id: string, models: string[]): ProviderEntry => {
    const provider: Provider = {
      id,
      async *chat({ model }) {
        called.push(`${id}/${model}`)
        if (options.fails?.includes(id)) throw new DragomanError('upstream_timeout', 'down', { origin: 'upstream' })
        yield* chatChunks({ text: 'Hi', usage: options.usage ?? tokens(10, 20) })
      },
      models: async () => models.map((name) => ({ id: name, object: 'model', created: 0, owned_by: id })),
      endpoints: ['embeddings', 'completions'],
      serve: options.serve ?? (async () => ({ kind: 'json', json: { data: [] }, usage: undefined })),
      close: async () => {},
    }
    return { id, provider, credentials: staticCredentials([]) }
  }
  const [one, two] = [entry('one', ['tiny', 'huge', 'GPT-5']), entry('two', ['other'])] as [
    ProviderEntry,
    ProviderEntry,
  ]
  const models: ModelGroup[] = [
    { name: 'small', aliases: ['little'], deployments: [{ entry: one, model: 'tiny' }] },
    { name: 'Small', deployments: [{ entry: one, model: 'huge' }] },
    { name: 'Big', aliases: ['large'], deployments: [{ entry: one, model: 'huge' }] },
    { name: 'vendor-*', deployments: [{ entry: one }] },
    { name: 'guarded', fallbacks: ['large', 'little'], deployments: [{ entry: two, model: 'other' }] },
  ]
  const records: LogEntry[] = []
  const budgets = memoryBudgets({ clock })
  const admission = clientLimits({ clock, budgets })
  const gateway = createGateway({
    providers: [one, two],
    models,
    clock,
    random: () => 0.5,
    admission,
    record: (record) => records.push(record),
    ...options,
  })
  const signal = new AbortController().signal
  const ask = (rights: Partial<ClientRights>, change: Record<string, unknown> = {}) =>
    gateway.chat({ ...asked, ...change } as ChatCompletionRequest, { signal, rights: rightsOf(rights) })
  return { ask, called, gateway, one, clock, admission, records, signal }
}

const keys = new Map<string, ClientRights>()
/** The same object each time, as a server has it. */
function rightsOf(rights: Partial<ClientRights>): ClientRights {
  const key = JSON.stringify(rights)
  const known = keys.get(key) ?? { id: 'key', ...rights }
  keys.set(key, known)
  return known
}
const refusal = (answer: Promise<unknown>) =>
  answer.then(
    () => undefined,
    ({ code, param }: DragomanError) => `${code} ${param}`,
  )

test.each([
  // What names mean is compared: aliases, case, ids that a service lists, wildcards.
  [['small'], 'small', undefined],
  [['small'], 'little', undefined],
  [['little'], 'small', undefined],
  [['small'], 'Small', 'permission_denied model'],
  [['smal*'], 'Small', 'permission_denied model'],
  [['small'], 'Big', 'permission_denied model'],
  [['small'], 'large', 'permission_denied model'],
  [['big'], 'BIG', undefined],
  [['small'], 'one/tiny', 'permission_denied model'],
  [['small'], 'huge', 'permission_denied model'],
  [['one/tiny'], 'tiny', undefined],
  [['one/tiny'], 'ONE/TINY', undefined],
  [['one/tiny'], 'huge', 'permission_denied model'],
  [['one/*'], 'huge', undefined],
  [['one/*'], 'other', 'permission_denied model'],
  [['tiny'], 'tiny', undefined],
  [['gpt-5'], 'gpt-5', undefined],
  [['vendor-a'], 'vendor-a', undefined],
  [['vendor-a'], 'VENDOR-A', undefined],
  [['vendor-a'], 'vendor-b', 'permission_denied model'],
  [['vendor-a*'], 'vendor-a,huge', 'permission_denied model'],
  [['one/tiny*'], 'one/tiny,huge', 'permission_denied model'],
  [['*'], 'one/huge', undefined],
  [[], 'small', 'permission_denied model'],
  [['small:fastest'], 'small', 'permission_denied model'],
  [['small'], 'small:fastest', undefined],
  [['small'], 'Big:fastest', 'permission_denied model'],
])('fault 61: a key for %j asks for %j: %s', async (models, model, expected) => {
  const { ask, called, gateway, signal } = setUp()
  await gateway.models(signal)
  expect(await refusal(ask({ models }, { model }))).toBe(expected)
  expect(called).toHaveLength(expected ? 0 : 1)
})

test.each([
  [{ models: ['tiny'] }, undefined],
  [{ models: ['tiny', 'huge'] }, 'models[1]'],
  [{ models: ['one/huge'] }, 'models[0]'],
  [{ models: ['large'] }, 'models[0]'],
  // What the service would be asked for under this name is not what the group of this name is.
  [{ models: ['vendor-a'] }, 'models[0]'],
  [{ fallbacks: ['huge'] }, 'fallbacks[0]'],
  [{ fallbacks: [{ model: 'huge', temperature: 1 }] }, 'fallbacks[0].model'],
  [{ fallbacks: [{ tiny: ['huge'] }] }, 'fallbacks[0].tiny[0]'],
  [{ context_window_fallback_dict: { tiny: 'huge' } }, 'context_window_fallback_dict.tiny'],
  [{ route: ['huge'] }, 'route[0]'],
  [{ route: 'fallback' }, undefined],
  [{ preset: 'cheap' }, 'preset'],
  [{ models: [[[[['tiny']]]]] }, 'models[0][0][0][0]'],
  [{ extra_body: { model: 'huge' } }, 'extra_body.model'],
  [{ extra_body: { models: ['huge'] } }, 'extra_body.models[0]'],
  [{ plugins: [{ id: 'web' }] }, 'plugins'],
  [{ plugins: [] }, undefined],
  [{ web_search_options: {} }, 'web_search_options'],
  [{ web_search: true }, 'web_search'],
  [{ search_parameters: { mode: 'on' } }, 'search_parameters'],
  [{ extra_body: { plugins: [{ id: 'web' }] } }, 'extra_body.plugins'],
  [{ tools: [{ type: 'function', function: { name: 'f' } }] }, undefined],
  [{ tools: [{ type: 'function', function: { name: 'f' } }, { type: 'web_search' }] }, 'tools[1].type'],
])('fault 61: a limited key sends %j: refused for %s', async (change, param) => {
  const { ask, called, gateway, signal } = setUp()
  await gateway.models(signal)
  const expected = param && `permission_denied ${param}`
  expect(await refusal(ask({ models: ['small'] }, change))).toBe(expected)
  expect(called).toEqual(param ? [] : ['one/tiny'])
  // A budget alone asks for the same, as far as there is a list to compare with.
  const isName = /^(extra_body\.)?(models?|fallbacks|context|route|preset)/.test(param ?? '')
  expect(await refusal(ask({ budget: { day: 1 } }, change))).toBe(isName ? undefined : expected)
})

test.each(['anthropic-messages', 'openai-responses'] as const)(
  'fault 61: what stands in a body of %s is looked at, whatever became of it in the translation',
  async (dialect) => {
    const { gateway, signal } = setUp()
    const rights = { id: 'key', models: ['small'] }
    const ask = (parsed: object) => refusal(gateway.chat(asked, { signal, rights, dialect, parsed }))
    expect(await ask({ tools: [{ type: 'web_search_20250305', name: 'web_search' }] })).toBe(
      'permission_denied tools[0].type',
    )
    expect(await ask({ tools: [{ type: 'mcp', server_url: 'https://x' }] })).toBe('permission_denied tools[0].type')
    expect(await ask({ tools: [{ type: 'namespace', tools: [{ type: 'code_interpreter' }] }] })).toBe(
      'permission_denied tools[0].tools[0].type',
    )
    expect(await ask({ mcp_servers: [{ url: 'https://x' }] })).toBe('permission_denied mcp_servers')
    expect(await ask({ prompt: { id: 'pmpt_1' } })).toBe('permission_denied prompt')
    expect(await ask({ fallbacks: ['huge'] })).toBe('permission_denied fallbacks[0]')
    expect(
      await ask({ tools: [{ name: 'f', input_schema: {} }, { type: 'custom' }, { type: 'bash_20250124' }] }),
    ).toBeUndefined()
  },
)

test('fault 61: a key that may use hosted tools may search, and still names only its models', async () => {
  const { ask } = setUp()
  const rights = { models: ['small', 'one/tiny*'], allow: { hostedTools: true } }
  expect(await refusal(ask(rights, { plugins: [{ id: 'web' }] }))).toBeUndefined()
  expect(await refusal(ask(rights, { model: 'one/tiny:online' }))).toBeUndefined()
  expect(await refusal(ask({ ...rights, allow: {} }, { model: 'one/tiny:online' }))).toBe('permission_denied model')
  expect(await refusal(ask(rights, { models: ['huge'] }))).toBe('permission_denied models[0]')
})

test('fault 61: a key without models or a budget may be kept from hosted tools as well', async () => {
  const { ask } = setUp()
  const plugins = [{ id: 'web' }]
  expect(await refusal(ask({ allow: { hostedTools: false } }, { plugins }))).toBe('permission_denied plugins')
  expect(await refusal(ask({ requestsPerMinute: 9 }, { plugins }))).toBeUndefined()
})

test('fault 61: other endpoints than chat are held to the same models', async () => {
  const { gateway, signal } = setUp()
  const rights = { id: 'key', models: ['small'] }
  const serve = (model: string, parsed: object = {}) =>
    refusal(
      gateway.serve(
        { endpoint: 'embeddings', model, parsed, body: () => ({ kind: 'json', json: {} }) },
        { signal, rights },
      ),
    )
  expect(await serve('little')).toBeUndefined()
  expect(await serve('large')).toBe('permission_denied model')
  expect(await serve('small', { fallbacks: ['huge'] })).toBe('permission_denied fallbacks[0]')
})

test('a fallback that the key may not ask for is left out', async () => {
  const { ask, called } = setUp({ fails: ['two'] })
  await ask({ models: ['guarded', 'small'] }, { model: 'guarded' })
  expect(called.at(-1)).toBe('one/tiny')
  expect(called).not.toContain('one/huge')
})

test('a limited key is shown the models that it may use', async () => {
  const { gateway, signal } = setUp()
  const ids = async (models: string[]) => {
    const shown = await gateway.models(signal, undefined, { id: 'key', models })
    return shown.map(({ id }) => id)
  }
  expect(await ids(['small', 'two/*'])).toEqual(['small', 'little', 'other', 'two/other'])
  expect(await ids([])).toEqual([])
})

test('requests per minute are counted by key, and the wait is exact', async () => {
  const { ask, clock, admission } = setUp()
  const rights = { requestsPerMinute: 2 }
  await ask(rights)
  clock.advanceSync(10_000)
  await ask(rights)
  await expect(ask(rights)).rejects.toMatchObject({ code: 'rate_limit_exceeded', retryAfterMs: 51_000 })
  expect(admission.rates({ id: 'key', ...rights })?.requests).toEqual({ limit: 2, remaining: 0, resetMs: 61_000 })
  await ask({ ...rights, id: 'other' })
  clock.advanceSync(50_999)
  await expect(ask(rights)).rejects.toMatchObject({ retryAfterMs: 1 })
  clock.advanceSync(1)
  await ask(rights)
})

test('requests that follow a call leave it what it needs itself', async () => {
  const { gateway, called, signal } = setUp()
  const context = { signal, rights: rightsOf({ requestsPerMinute: 2 }), client: 'key', idempotencyKey: 'once' }
  const answers = await Promise.allSettled([1, 2, 3, 4].map(() => gateway.chat(asked, context)))
  expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'rejected'])
  expect(called).toHaveLength(1)
})

test('tokens per minute are reserved, then counted as they were used', async () => {
  const { ask, admission } = setUp({ usage: tokens(10, 5) })
  const rights = { tokensPerMinute: 100 }
  await ask(rights)
  expect(admission.rates({ id: 'key', ...rights })?.tokens).toMatchObject({ limit: 100, remaining: 85 })
  const both = [ask(rights), ask(rights)]
  await expect(Promise.all(both)).rejects.toMatchObject({ code: 'rate_limit_exceeded' })
})

test('a request that failed and used nothing costs nothing but its turn', async () => {
  const { ask, admission } = setUp({ fails: ['one', 'two'] })
  const rights = { tokensPerMinute: 100, requestsPerMinute: 10, budget: { tokensPerDay: 52 } }
  // As much as it may need is all that there is.
  for (let i = 0; i < 3; i++) await expect(ask(rights)).rejects.toThrow('down')
  expect(admission.rates({ id: 'key', ...rights })).toMatchObject({
    requests: { remaining: 7 },
    tokens: { remaining: 100 },
  })
})

const price: Price = { input: 1_000, output: 10_000 }

test('a budget in money is reserved at the list price and settled at what it cost', async () => {
  const { ask, records } = setUp({ priceOf: () => price, usage: tokens(10, 20) })
  // Two tokens of prompt and fifty of answer: 0.502 dollars to begin with, 0.21 in the end.
  const rights = { budget: { day: 1 } }
  const first = ask(rights)
  await expect(ask(rights)).rejects.toMatchObject({
    code: 'insufficient_quota',
    message: expect.stringContaining('$0.502 reserved by requests under way, and this request may need $0.502'),
  })
  await first
  await ask(rights)
  expect(records.flatMap(({ cost }) => cost ?? [])).toEqual([0.21, 0.21])
  await ask(rights)
  await ask(rights)
  await ask(rights)
  await expect(ask(rights)).rejects.toThrow('$1.05 of $1.00 is used')
})

test('the dearest of what may be called is reserved', async () => {
  const { ask } = setUp({ priceOf: ({ model }) => (model === 'huge' ? price : { input: 1, output: 1 }) })
  const reserve = (change: Record<string, unknown>) =>
    Promise.all([ask({ budget: { day: 0.5 } }, change), refuse(change)])
  const refuse = (change: Record<string, unknown>) =>
    ask({ budget: { day: 0.5 } }, change).catch(({ message }: Error) => message)
  expect((await reserve({ models: ['huge'] }))[1]).toMatch(/may need \$0\.502/)
})

test.each<[string, Record<string, unknown>, Partial<ModelGroup>, string]>([
  ['a tool call that is insisted on', { tools: [{ type: 'function', function: { name: 'look' } }] }, {}, '$1.5'],
  ['no tools', {}, {}, '$0.502'],
  ['a hedged call', {}, { hedgeAfterMs: 100 }, '$1.004'],
  ['a text that may be gone on with', { stream: true }, { continuesCutText: true }, '$1.506'],
])('every call that may be paid for is reserved: %s', async (_case, change, settings, expected) => {
  const { gateway, one, signal } = setUp({ priceOf: () => price, usage: tokens(10, 20) })
  const insisting = createGateway({
    providers: [one],
    models: [{ name: 'small', deployments: [{ entry: one, model: 'tiny', ensureToolCall: true }], ...settings }],
    priceOf: () => price,
    admission: clientLimits({ clock: handClock() }),
  })
  const rights = rightsOf({ budget: { day: 0.3 } })
  const request = { ...asked, ...change } as ChatCompletionRequest
  // The budget has less than one reservation, which is only given to a request that is alone.
  const answers = [1, 2].map(() => insisting.chat(request, { signal, rights }))
  const [, second] = await Promise.allSettled(answers)
  expect(second).toMatchObject({
    status: 'rejected',
    reason: { message: expect.stringContaining(`may need ${expected}`) },
  })
  await gateway.close()
})

const completion = (parsed: Readonly<Record<string, unknown>>) => ({
  endpoint: 'completions' as const,
  model: 'small',
  parsed,
  body: () => ({ kind: 'json' as const, json: parsed }),
})
const events: Provider['serve'] = async () => ({
  kind: 'stream',
  contentType: 'text/event-stream',
  pieces: (async function* () {
    for (let i = 0; i < 3; i++) yield new Uint8Array([i])
  })(),
})

test.each([
  ['a stream that is read to its end', events, false],
  ['a stream that is left', events, true],
  ['JSON without usage', undefined, false],
])('an answer of which nobody says what it took counts as what was reserved: %s', async (_case, serve, isLeft) => {
  const { gateway, signal, records } = setUp({ ...(serve && { serve }), priceOf: () => ({ input: 1, output: 1 }) })
  const rights = { id: 'key', budget: { tokensPerDay: 250, day: 1 } }
  const complete = async () => {
    const answer = await gateway.serve(completion({ prompt: 'Hello', max_tokens: 100 }), { signal, rights })
    if (answer.kind !== 'stream') return
    for await (const _piece of answer.pieces) if (isLeft) break
  }
  for (let i = 0; i < 3; i++) await complete()
  await expect(complete()).rejects.toThrow('306 are used')
  expect(records[0]?.cost).toBeUndefined()
})

test.each([
  [{ prompt: 'Hello' }, 102],
  [{ prompt: ['Hello', 'Hello', 'Hello'] }, 306],
  [{ prompt: [1, 2, 3] }, 103],
  [{ prompt: 'Hello', n: 2 }, 202],
  [{ prompt: 'Hello', n: 2, best_of: 5 }, 502],
  [{ prompt: 'Hello', n: 1e308 }, 100_002],
])('completions are reserved for all their answers: %j', async (asked, expected) => {
  const { gateway, signal } = setUp()
  const rights = { id: 'key', budget: { tokensPerDay: 50 } }
  const call = completion({ ...asked, max_tokens: 100 })
  const both = [1, 2].map(() => gateway.serve(call, { signal, rights }))
  const [, second] = await Promise.allSettled(both)
  expect(second).toMatchObject({ reason: { message: expect.stringContaining(`may need ${expected}.`) } })
})

test('a model that stands in for one whose context is too short is among what may be called', async () => {
  const { one, signal } = setUp()
  const group = (name: string, model: string, onContextTooLong?: string): ModelGroup => {
    return { name, onContextTooLong, deployments: [{ entry: one, model }] }
  }
  const gateway = createGateway({
    providers: [one],
    models: [group('small', 'tiny', 'middle'), group('middle', 'tiny', 'large'), group('large', 'huge')],
    priceOf: ({ model }) => (model === 'huge' ? price : { input: 1, output: 1 }),
    admission: clientLimits({ clock: handClock() }),
  })
  const rights = rightsOf({ budget: { day: 0.4 } })
  const [, second] = await Promise.allSettled([1, 2].map(() => gateway.chat(asked, { signal, rights })))
  expect(second).toMatchObject({ reason: { message: expect.stringContaining('may need $0.502') } })
})

test('without a price only tokens are counted', async () => {
  const { ask } = setUp({ priceOf: () => undefined })
  for (let i = 0; i < 5; i++) await ask({ budget: { day: 0.000001 } })
  await ask({ budget: { day: 0.000001, tokensPerDay: 60 } })
  await ask({ budget: { day: 0.000001, tokensPerDay: 60 } })
  await expect(ask({ budget: { day: 0.000001, tokensPerDay: 60 } })).rejects.toMatchObject({
    code: 'insufficient_quota',
  })
})

test('what a service says that it charged counts, and a budget that is used up has nothing left for it', async () => {
  const { ask } = setUp({ priceOf: () => undefined, usage: { ...tokens(1, 1), cost: 2 } })
  const rights = { budget: { day: 1 } }
  await ask(rights)
  await expect(ask(rights)).rejects.toMatchObject({ code: 'insufficient_quota' })
})

test('counting tokens takes none', async () => {
  const { gateway, signal } = setUp()
  const rights = { id: 'key', budget: { tokensPerDay: 1 }, tokensPerMinute: 1 }
  const call = {
    endpoint: 'messages/count_tokens' as const,
    model: 'small',
    parsed: {},
    body: () => ({ kind: 'json' as const, json: {} }),
  }
  for (let i = 0; i < 3; i++) await expect(gateway.serve(call, { signal, rights })).rejects.toThrow(/count_tokens/)
})

test.each([
  ['when the client has left', false],
  ['while the client leaves', true],
])('an admission that comes %s is given back', async (_case, atOnce) => {
  const clock = handClock()
  const settled: LogEntry[] = []
  let admit: (() => void) | undefined
  const { gateway } = setUp({
    clock,
    admission: {
      admit: ({ plan }) =>
        new Promise((resolve) => {
          admit = () => resolve({ targets: plan.targets, settle: (entry) => settled.push(entry) })
        }),
    },
  })
  const leaving = new AbortController()
  const answer = gateway.chat(asked, { signal: leaving.signal, rights: { id: 'key' } })
  if (atOnce) admit?.()
  leaving.abort()
  await expect(answer).rejects.toThrow()
  admit?.()
  await new Promise((resolve) => setImmediate(resolve))
  expect(settled).toMatchObject([{ status: 499 }])
})
