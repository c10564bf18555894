import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { collect, credential, memoryState, type Secret } from '@dragoman/core'
import { canary, gate, handClock, htmlPage, jsonReply, leaked, testProvider, tokens } from '@dragoman/testkit'
import { streamText } from 'ai'
import { expect, test } from 'vitest'
import { callOf, detail, question, streamed, weather } from './test-api.ts'
import { account, jwt, snapshots, startSite } from './web/test-site.ts'
import { createWeb, k2thinkWeb } from './web.ts'

/** Ids that a snapshot can hold. */
function counted(): () => string {
  let made = 0
  return () => `00000000-0000-4000-8000-${String(++made).padStart(12, '0')}`
}

testProvider(
  { ...k2thinkWeb, create: (options, environment) => createWeb(options, environment, counted()) },
  new URL('../fixtures/web/', import.meta.url),
  { ordinary: 'chunks', configure: (origin) => ({ baseUrl: origin }), values: { token: canary('token') } },
)

const acquireCall = () => ({ signal: new AbortController().signal, state: memoryState() })

test('covers k2think-web text: an account signs in once and asks as often as it likes', async () => {
  await using k2 = await startSite()
  const { client } = k2.as(account)
  for (let turn = 0; turn < 2; turn++) {
    k2.answer(streamed(['<think>2+2</think>', '<answer>It is 4.</answer>']))
    const { choices } = await client.chat.completions.create(question)
    expect(choices[0]).toMatchObject({ message: { content: 'It is 4.' }, finish_reason: 'stop' })
  }
  expect(k2.paths()).toEqual(['/api/v1/auths/signin', '/api/chat/completions', '/api/chat/completions'])
})

test('covers k2think-web stream: a piece reaches the client before the next one is written', async () => {
  await using k2 = await startSite()
  const middle = gate()
  k2.answer(streamed(['Hm.</think>One, ', middle, 'two.']))
  let text = ''
  const asked = { ...question, stream: true as const }
  for await (const { choices } of await k2.as(account).client.chat.completions.create(asked)) {
    text += choices[0]?.delta.content ?? ''
    if (text === 'One,') middle.open()
  }
  expect(text).toBe('One, two.')
})

test('covers k2think-web reasoning: the AI SDK gets what stood in <details> apart', async () => {
  await using k2 = await startSite()
  const details = '<details type="reasoning" done="true">\n<summary>Thought</summary>\n> 2+2\n> is 4\n</details>\n'
  k2.answer(streamed([details.slice(0, 60), details.slice(60), 'It is 4.']))
  const { fetch } = k2.as(account)
  const model = createOpenAICompatible({ name: 'k2', baseURL: 'http://in.process/v1', fetch })('K2-Think')
  const result = streamText({ model, prompt: 'What is 2+2?' })
  expect(await result.text).toBe('It is 4.')
  expect(await result.reasoningText).toBe('2+2\nis 4')
})

test.each([true, false])('covers k2think-web tools: the OpenAI SDK makes a round trip (stream: %s)', async (stream) => {
  await using k2 = await startSite()
  const { client } = k2.as(account)
  k2.answer(streamed([`<think>${callOf('Paris')}</think>${callOf('Lisbon')}`]), streamed(['Hm.</think>21 degrees.']))
  const cities: unknown[] = []
  const called = (given: unknown) => {
    cities.push(given)
    return '21 degrees'
  }
  const tools = [{ ...weather, function: { ...weather.function, parse: JSON.parse, function: called } }]
  const runner = stream
    ? client.chat.completions.runTools({ ...question, tools, stream })
    : client.chat.completions.runTools({ ...question, tools, stream })
  expect(await runner.finalContent()).toBe('21 degrees.')
  expect(cities).toEqual([{ city: 'Lisbon' }])
})

test('covers k2think-web files: a text file goes into the message under its name', async () => {
  await using k2 = await startSite()
  k2.answer(streamed(['Hm.</think>Yes.']))
  const file = { filename: 'a.csv', file_data: `data:text/csv;base64,${btoa('x,y\n1,2')}` }
  const messages = [{ role: 'user' as const, content: [{ type: 'file' as const, file }] }]
  await k2.as({ token: k2.site.token }).client.chat.completions.create({ ...question, messages })
  expect((await k2.upstream.received(1)).json.messages).toEqual([
    { role: 'user', content: '<file name="a.csv">\nx,y\n1,2\n</file>' },
  ])
})

test('covers k2think-web usage: what a whole answer reports is handed on', async () => {
  await using k2 = await startSite({ upstreamStream: 'never' })
  const choices = [{ index: 0, message: { role: 'assistant', content: 'a</think>b' }, finish_reason: 'stop' }]
  k2.answer(jsonReply({ id: 'x', object: 'chat.completion', created: 1, model: 'm', choices, usage: tokens(9, 14) }))
  const { usage } = await k2.as(account).client.chat.completions.create(question)
  expect(usage).toEqual(tokens(9, 14))
  expect(k2.provider.answersWhole).toBe(true)
})

test('covers k2think-web sessions: a session that is refused in mid-use is renewed once', async () => {
  await using k2 = await startSite()
  const { client } = k2.as(account)
  k2.answer(streamed(['a</think>b']), streamed(['a</think>b']))
  await client.chat.completions.create(question)
  k2.site.token = jwt(4_000_000_000, 'renewed')
  await client.chat.completions.create(question)
  expect(k2.paths().filter((path) => path.endsWith('signin'))).toHaveLength(2)
})

test.each(['both', 'cookie', 'json'] as const)('the token is read where it is (%s)', async (tokenIn) => {
  await using k2 = await startSite()
  k2.site.tokenIn = tokenIn
  const session = await k2.provider.acquire?.(credential(account, 'a:1'), acquireCall())
  expect(session).toMatchObject({ id: 'a:1', expiresAt: 4_000_000_000_000 })
  expect(reveal(session?.values)).toEqual({ token: k2.site.token })
})

test.each([
  [60, 60_000],
  [undefined, 59 * 60_000],
])('a token without exp lasts expires_in, %j', async (expiresIn, lifeMs) => {
  await using k2 = await startSite()
  k2.site.token = jwt(undefined)
  k2.site.expiresIn = expiresIn
  const clock = handClock()
  const provider = createWeb({ baseUrl: k2.upstream.origin }, { clock })
  const session = await provider.acquire?.(credential(account), acquireCall())
  expect((session?.expiresAt ?? 0) - clock.now()).toBe(lifeMs)
  await provider.close()
})

test('a token of one’s own passes as it is, until its exp, and nothing is asked for it', async () => {
  await using k2 = await startSite()
  const source = credential({ token: jwt(1_900_000_000) })
  const session = await k2.provider.acquire?.(source, acquireCall())
  expect(session).toMatchObject({ values: source.values, expiresAt: 1_900_000_000_000 })
  expect((await k2.provider.acquire?.(credential({ token: 'opaque' }), acquireCall()))?.expiresAt).toBeUndefined()
  expect(k2.paths()).toEqual([])
})

test('a wrong password puts the account out, for a person to look at', async () => {
  await using k2 = await startSite()
  const source = credential({ ...account, password: 'wrong horse battery' })
  const failed = k2.provider.acquire?.(source, acquireCall())
  await expect(failed).rejects.toMatchObject({ code: 'credential_disabled' })
  await expect(failed).rejects.toThrow(/email or password provided is incorrect/)
  const secrets = { email: account.email, password: 'wrong horse battery' }
  expect(leaked(secrets, await failed?.catch((error: unknown) => error))).toEqual([])
})

test('a page where the sign-in should answer is a challenge, and is not answered', async () => {
  await using k2 = await startSite()
  k2.site.isGuarded = true
  const failed = k2.provider.acquire?.(credential(account), acquireCall())
  await expect(failed).rejects.toMatchObject({ code: 'upstream_challenge' })
  await expect(failed).rejects.toThrow(/signed in yourself, or use the documented API/)
  expect(k2.paths()).toHaveLength(1)
})

test.each([
  ['an HTML 405', htmlPage(405), 'upstream_challenge'],
  ['an HTML 403', htmlPage(403), 'upstream_challenge'],
  ['a JSON 405', detail('Method Not Allowed', 405), 'upstream_protocol'],
  ['a 403 to nobody', detail('Not authenticated', 403), 'credential_rejected'],
  ['a 403 to this account', detail('Access prohibited', 403), 'credential_forbidden'],
  ['an HTML 502', htmlPage(502), 'upstream_unavailable'],
  ['a 429', detail('Too many requests', 429), 'rate_limited'],
  ['a 404', detail('Model not found', 404), 'deployment_not_found'],
])('covers k2think-web errors: %s is told by what it means', async (_, reply, code) => {
  await using k2 = await startSite()
  k2.answer(reply)
  const { chunks } = k2.as({ token: k2.site.token })
  await expect(collect(chunks({}), question)).rejects.toMatchObject({ code })
})

test('a probe tells a good session from a bad one', async () => {
  await using k2 = await startSite()
  expect(await k2.provider.probe?.(credential({ token: k2.site.token }), acquireCall())).toBe('ok')
  expect(await k2.provider.probe?.(credential({ token: 'gone' }), acquireCall())).toBe('rejected')
})

test('nobody is a guest unless that is allowed', async () => {
  await using k2 = await startSite()
  await expect(k2.provider.acquire?.(credential({}), acquireCall())).rejects.toThrow(/option guest/)
  expect(k2.paths()).toEqual([])
})

test('the one guest keeps the cookies that the site sets, its count of turns too', async () => {
  await using k2 = await startSite({ guest: true })
  const { client } = k2.as({})
  const head = '<details type="reasoning" done='
  for (let turn = 0; turn < 2; turn++) {
    k2.answer(
      snapshots(
        `${head}"false">\n<summary>Thinking</summary>\n> 2+2`,
        `${head}"true">\n<summary>Thought</summary>\n> 2+2 is 4\n</details>\n<answer>It is`,
        `${head}"true">\n<summary>Thought</summary>\n> 2+2 is 4\n</details>\n<answer>It is 4.</answer>`,
      ),
    )
    const messages = [{ role: 'system' as const, content: 'Be brief.' }, ...question.messages]
    const { choices } = await client.chat.completions.create({ ...question, messages })
    expect(choices[0]?.message).toMatchObject({ content: 'It is 4.', reasoning_content: '2+2 is 4' })
  }
  expect(k2.paths().filter((path) => path === '/guest')).toHaveLength(1)
  const { json } = await k2.upstream.received(2)
  expect(json.messages).toEqual([{ role: 'user', content: 'Be brief.\n\nWhat is 2+2?' }])
})

test('a guest who is sent away comes back as the same one', async () => {
  await using k2 = await startSite({ guest: true })
  const { client } = k2.as({})
  k2.answer(detail('Unauthorized', 401), detail('Unauthorized', 401))
  await expect(client.chat.completions.create(question)).rejects.toMatchObject({ status: 401 })
  const visits = k2.upstream.requests.filter(({ path }) => path === '/guest')
  expect(visits.map(({ headers }) => headers.cookie)).toEqual([undefined, 'guest_id=g1; guest_conversation_count=1'])
})

test('tools beyond what the operator allows are refused, never cut', async () => {
  await using k2 = await startSite({ maxToolCharacters: 1000 })
  const long = { ...weather, function: { ...weather.function, description: 'The weather. '.repeat(100) } }
  expect(k2.provider.accepts?.({ ...question, tools: [weather] }).refused).toBeUndefined()
  expect(k2.provider.accepts?.({ ...question, tools: [long] }).refused).toMatchObject({ param: 'tools' })
})

test('tools are refused where prompting is off', async () => {
  await using k2 = await startSite({ promptTools: false })
  const { client } = k2.as(account)
  const failed = client.chat.completions.create({ ...question, tools: [weather] })
  await expect(failed).rejects.toMatchObject({ status: 400, param: 'tools' })
  expect(k2.paths()).toEqual([])
  k2.answer(streamed(['a</think>b']))
  await client.chat.completions.create({ ...question, tools: [weather], tool_choice: 'none' })
  const functions = client.chat.completions.create({ ...question, functions: [weather.function] })
  await expect(functions).rejects.toMatchObject({ status: 400, param: 'functions' })
})

test('the site is told the time in the zone that was set, at an address of any form', async () => {
  await using k2 = await startSite()
  const clock = handClock(Date.UTC(2026, 6, 1, 23, 30))
  const baseUrl = `${k2.upstream.origin}/api/chat/completions`
  const provider = createWeb({ baseUrl, timezone: 'Asia/Shanghai' }, { clock })
  k2.answer(streamed(['a</think>b']))
  const call = { ...acquireCall(), credential: credential({ token: k2.site.token }) }
  await collect(provider.chat(question, call), question)
  expect((await k2.upstream.received(1)).json.variables).toMatchObject({
    '{{CURRENT_DATETIME}}': '2026-07-02 07:30:00',
    '{{CURRENT_WEEKDAY}}': 'Thursday',
    '{{CURRENT_TIMEZONE}}': 'Asia/Shanghai',
  })
  await provider.close()
  expect(k2thinkWeb.options.safeParse({ timezone: 'Mars/Base' }).success).toBe(false)
})

test('what the site does not take is named', async () => {
  await using k2 = await startSite()
  const asked = { ...question, top_p: 0.9, seed: 1, n: 1, stop: 'x', temperature: 1, user: null, tools: [] }
  expect(k2.provider.accepts?.(asked)).toEqual({ dropped: ['top_p', 'seed'] })
})

function reveal(values: Readonly<Record<string, Secret>> = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([name, secret]) => [name, secret.reveal()]))
}
