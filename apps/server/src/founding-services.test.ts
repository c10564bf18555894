import { gate, leaked } from '@dragoman/testkit'
import OpenAI from 'openai'
import { describe, expect, test } from 'vitest'
import { heldAfter } from './test-founding-door.ts'
import { doors, startFounding } from './test-founding-server.ts'

const user = (content: string) => [{ role: 'user' as const, content }]

/** What the founding systems called their models, and who serves each of them where every door is open. */
const names = {
  zai: [
    'GLM-4.5',
    'GLM-4.5-Thinking',
    'GLM-4.5-Search',
    'GLM-4.5-Air',
    'GLM-4.6',
    'GLM-4.6-Thinking',
    'GLM-4.6-Search',
  ],
  k2think: ['MBZUAI-IFM/K2-Think', 'MBZUAI-IFM/K2-Think-nothink'],
  qwen: ['qwen-max', 'qwen-max-thinking', 'qwen-max-search', 'qwen-plus', 'qwen-turbo', 'qwen-long'],
  // What the API of a service cannot do is left to its session.
  'qwen-web': ['qwen-max-image'],
  longcat: ['LongCat-Flash', 'LongCat'],
  'longcat-web': ['LongCat-Search'],
  'kimi-nonce': ['kimi-k2-instruct-0905', 'kimi-k2-instruct'],
  'orion-web': [
    'ChatGPT 4.1 Mini',
    'ChatGPT 4.1',
    'o4',
    'Gemini 2.5 Flash 05-20',
    'Gemini 2.5 Pro 06-05',
    'Claude 3.5 Sonnet',
    'Claude 4',
    'DeepSeek R1',
    'DeepSeek V3',
    'Grok 3 Mini',
    'Grok 3',
    'Grok 4',
  ].map((base) => `${base}-Default`),
}

test('every founding name is listed', async () => {
  await using rig = await startFounding()
  const { data } = await rig.client.models.list()
  expect(data.map(({ id }) => id)).toEqual(expect.arrayContaining(Object.values(names).flat()))
})

const routes = Object.entries(names).flatMap(([id, models]) => models.map((model) => ({ id, model })))

test.each(routes)('$model is served by $id', async ({ id, model }) => {
  await using rig = await startFounding()
  const door = doors.find((each) => each.id === id) ?? expect.fail(id)
  rig.service(door).answers(door.write({ reasoning: 'Well.', text: ['Hello'] }))
  const completion = await rig.client.chat.completions.create({ model, messages: user('WhoServesThis') })
  expect(completion).toMatchObject({ choices: [{ finish_reason: 'stop', message: { content: 'Hello' } }] })
  expect(rig.sentTo('WhoServesThis')).toEqual([id])
})

describe.each(doors)('$id', (door) => {
  const model = `${door.id}/${door.model}`
  const answer = { reasoning: 'Well.', text: ['Hel', 'lo'] }

  test('streams reasoning, text and usage to the OpenAI SDK', async () => {
    await using rig = await startFounding()
    const service = rig.service(door)
    const hold = gate()
    const reply = door.write(answer)
    service.answers(door.answersWhole ? reply : heldAfter('Hel', hold, reply))
    const texts: string[] = []
    let reasoning = ''
    const usages: unknown[] = []
    const asked = { model, messages: user('Hi'), stream: true as const, stream_options: { include_usage: true } }
    for await (const { choices, usage } of await rig.client.chat.completions.create(asked)) {
      const delta: { content?: string | null; reasoning_content?: string } = choices[0]?.delta ?? {}
      if (delta.content) texts.push(delta.content)
      reasoning += delta.reasoning_content ?? ''
      if (usage) usages.push(usage)
      // Before that the service says no more: an answer that is not handed on as it comes has no end.
      if (texts.length > 0) hold.open()
    }
    expect(texts).toEqual(door.answersWhole ? ['Hello'] : ['Hel', 'lo'])
    expect(reasoning).toBe(door.reasons ? 'Well.' : '')
    expect(usages).toEqual([expect.objectContaining(door.usage ?? { estimated: true })])
    await rig.stop()
    expect(service.left()).toEqual([])
  })

  test('a tool is called, and its result is answered to', async () => {
    await using rig = await startFounding()
    const service = rig.service(door)
    const call = { name: 'get_weather', arguments: { city: 'Lisbon' } }
    service.answers(door.write({ ...answer, text: [], call }), door.write({ text: ['18 degrees', ' it is.'] }))
    const called: unknown[] = []
    const get_weather = {
      name: 'get_weather',
      description: 'The weather of a city',
      parameters: { type: 'object', properties: { city: { type: 'string' } } },
      parse: JSON.parse,
      function: (given: unknown) => {
        called.push(given)
        return 'WarmAndSunny'
      },
    }
    const runner = rig.client.chat.completions.runTools({
      model,
      stream: true,
      messages: user('How is the weather in Lisbon?'),
      tools: [{ type: 'function', function: get_weather }],
    })
    expect(await runner.finalContent()).toBe('18 degrees it is.')
    expect(called).toEqual([{ city: 'Lisbon' }])
    expect(rig.sentTo('WarmAndSunny')).toEqual([door.id])
    const reasons = (await runner.allChatCompletions()).map(({ choices }) => choices[0]?.finish_reason)
    expect(reasons).toEqual(['tool_calls', 'stop'])
    await rig.stop()
    expect(service.left()).toEqual([])
  })

  test('a picture for a model that takes text only is refused before any call', async () => {
    await using rig = await startFounding()
    const image = { type: 'image_url' as const, image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } }
    const messages = [{ role: 'user' as const, content: [{ type: 'text' as const, text: 'WhatIsThis' }, image] }]
    const error = await failure(rig.client.chat.completions.create({ model, messages }))
    expect(error).toMatchObject({ status: 400, type: 'invalid_request_error', code: 'unsupported_value' })
    expect(error.param).toMatch(/^messages\[0\]\.content\[1\]/)
    expect(rig.sentTo('WhatIsThis')).toEqual([])
    await rig.stop()
    expect(rig.service(door).left()).toEqual([])
  })

  test('a conversation that is too long is the 400 that clients know, and leaves nothing behind', async () => {
    const { tooLong } = door
    await using rig = await startFounding('options' in tooLong ? { [door.id]: tooLong.options } : {})
    const service = rig.service(door)
    if ('reply' in tooLong) service.answers(tooLong.reply, tooLong.reply)
    const messages = user('A long conversation.')
    for (const stream of [false, true]) {
      const error = await failure(rig.client.chat.completions.create({ model, messages, stream }))
      expect(error).toMatchObject({ status: 400, type: 'invalid_request_error', code: 'context_length_exceeded' })
    }
    await rig.stop()
    expect(service.left()).toEqual([])
  })

  test('a model that is not there is a 404, and leaves nothing behind', async () => {
    await using rig = await startFounding()
    const service = rig.service(door)
    if (door.unknownModel) service.answers(door.unknownModel)
    // Some know what they have once they were asked for it.
    await rig.client.models.list()
    const asked = { model: `${door.id}/no-such-model`, messages: user('IsAnybodyThere') }
    const error = await failure(rig.client.chat.completions.create(asked))
    expect(error).toMatchObject({ status: 404, type: 'invalid_request_error', code: 'model_not_found' })
    // A platform has models that nobody here has heard of, so there its own word counts.
    expect(rig.sentTo('IsAnybodyThere')).toEqual(door.unknownModel ? [door.id] : [])
    await rig.stop()
    expect(service.left()).toEqual([])
  })
})

test.each(doors.filter(({ answersWhole }) => !answersWhole))(
  'who leaves $id in the middle of an answer leaves nothing behind',
  async (door) => {
    await using rig = await startFounding()
    const service = rig.service(door)
    service.answers(heldAfter('Hel', gate(), door.write({ text: ['Hel', 'lo'] })))
    const asked = { model: `${door.id}/${door.model}`, messages: user('Hi'), stream: true as const }
    let outcome: Promise<string> | undefined
    for await (const { choices } of await rig.client.chat.completions.create(asked)) {
      outcome = service.requests.at(-1)?.closed
      if (choices[0]?.delta.content) break
    }
    expect(await outcome).toBe('aborted')
    await rig.stop()
    expect(service.left()).toEqual([])
  },
)

const withAccount = doors.flatMap(({ refused, ...door }) => (refused ? [{ ...door, refused }] : []))

describe('credentials that are refused', () => {
  test.each(withAccount)('$id asks once, and never blames the client for its own account', async (door) => {
    const { credential, at, asksForCaptcha } = door.refused
    await using rig = await startFounding({ [door.id]: { credentials: [credential] } })
    const service = rig.service(door)
    const asked = { model: `${door.id}/${door.model}`, messages: user('Hi') }
    const refusals = () => service.requests.filter(({ method, path }) => `${method} ${path.split('?', 1)[0]}` === at)
    const error = await failure(rig.client.chat.completions.create(asked))
    const [status, code] = asksForCaptcha ? [502, 'upstream_challenge'] : [503, 'no_credential']
    expect(error).toMatchObject({ status, type: 'server_error', code })
    if (asksForCaptcha) expect(error.message).toContain('a session that you have signed in to yourself')
    expect(error.message).toContain(`${door.id}:1`)
    expect(leaked(credential, error.message)).toEqual([])
    // Nobody waits for it to rest: who asks again is told the same without a call.
    const again = await failure(rig.client.chat.completions.create(asked))
    expect(again.message).toBe(error.message)
    expect(refusals()).toHaveLength(1)
    // Another sign-in with a wrong password would lock the account, however much later it comes.
    await rig.clock.advance(3_600_000)
    await failure(rig.client.chat.completions.create(asked))
    expect(refusals()).toHaveLength('password' in credential ? 1 : 2)
    await rig.stop()
    expect(service.left()).toEqual([])
  })
})

test.each(doors.filter(({ renews }) => renews))(
  '$id renews a session that ends in mid-use, unnoticed',
  async (door) => {
    await using rig = await startFounding()
    const service = rig.service(door)
    const asked = { model: `${door.id}/${door.model}`, messages: user('Hi') }
    const renewals = () =>
      service.requests.filter(({ method, path }) => `${method} ${path}` === door.refused?.at).length
    for (const renewed of [1, 2]) {
      service.answers(door.write({ text: ['Hello'] }))
      const { choices } = await rig.client.chat.completions.create(asked)
      expect(choices[0]?.message.content).toBe('Hello')
      expect(renewals()).toBe(renewed)
      service.endSession?.()
    }
  },
)

const prompting = doors.flatMap(({ withoutTools, ...door }) => (withoutTools ? [{ ...door, withoutTools }] : []))

test.each(prompting)('$id refuses tools where prompting for them is switched off', async (door) => {
  await using rig = await startFounding({ [door.id]: door.withoutTools })
  const tools = [{ type: 'function' as const, function: { name: 'look', parameters: { type: 'object' } } }]
  const asked = { model: `${door.id}/${door.model}`, messages: user('LookAround'), tools }
  const error = await failure(rig.client.chat.completions.create(asked))
  expect(error).toMatchObject({ status: 400, type: 'invalid_request_error', param: 'tools' })
  expect(rig.sentTo('LookAround')).toEqual([])
  await rig.stop()
  expect(rig.service(door).left()).toEqual([])
})

test('a name that nobody has is a 404 before any service is asked', async () => {
  await using rig = await startFounding()
  const asked = { model: 'no-such-model', messages: user('IsAnybodyThere') }
  const error = await failure(rig.client.chat.completions.create(asked))
  expect(error).toMatchObject({ status: 404, type: 'invalid_request_error', code: 'model_not_found' })
  expect(rig.sentTo('IsAnybodyThere')).toEqual([])
})

/** What the SDK throws. */
async function failure(asked: Promise<unknown>) {
  const error: unknown = await asked.then(
    () => undefined,
    (cause: unknown) => cause,
  )
  return error instanceof OpenAI.APIError ? error : expect.fail(`no error of the API: ${error}`)
}
