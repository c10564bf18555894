import { type Exchange, handClock, startFakeUpstream } from '@dragoman/testkit'
import { describe, expect, test } from 'vitest'
import { startTestServer } from '../test-server.ts'
import { clients, type DialectClient } from './test-dialect-clients.ts'
import { post } from './test-dialect-rig.ts'
import { claude, type Family, families, gemini, glm, kimiThinking } from './test-reasoning-families.ts'
import { ClientAnswer } from './test-stream-rig.ts'

// Signatures, encrypted reasoning and thoughts over the turns of one tool loop, whoever serves each of them.

// biome-ignore lint/suspicious/noExplicitAny: answers are read freely; a wrong path is a failing test.
type Json = any

/** How a client carries a conversation on. */
interface Loop {
  readonly first: Json[]
  body(model: string, history: Json[]): Record<string, unknown>
  /** What of an answer goes into the history, and the result of its call. */
  turn(answer: Json, keepsReasoning: boolean): Json[]
}

const question = { role: 'user', content: 'The weather?' }

const loops: Record<DialectClient['dialect'], Loop> = {
  chat: {
    first: [question],
    body: (model, messages) => ({ model, messages, reasoning_effort: 'low' }),
    turn({ choices: [{ message }] }, keepsReasoning) {
      const { content, tool_calls } = message
      const said = keepsReasoning ? message : { role: 'assistant', content, tool_calls }
      return [said, { role: 'tool', tool_call_id: tool_calls[0].id, content: 'sunny' }]
    },
  },
  responses: {
    first: [question],
    body: (model, input) => ({
      model,
      input,
      reasoning: { effort: 'low' },
      include: ['reasoning.encrypted_content'],
    }),
    turn({ output }, keepsReasoning) {
      const call = output.find(({ type }: Json) => type === 'function_call')
      const result = { type: 'function_call_output', call_id: call.call_id, output: 'sunny' }
      return keepsReasoning ? [...output, result] : [call, result]
    },
  },
  messages: {
    first: [question],
    body: (model, messages) => ({
      model,
      messages,
      max_tokens: 8_000,
      thinking: { type: 'enabled', budget_tokens: 2_000 },
    }),
    turn({ content }, keepsReasoning) {
      const use = content.find(({ type }: Json) => type === 'tool_use')
      const result = { type: 'tool_result', tool_use_id: use.id, content: 'sunny' }
      return [
        { role: 'assistant', content: keepsReasoning ? content : [use] },
        { role: 'user', content: [result] },
      ]
    },
  },
}

/** The whole server over all families, behind one fake upstream. */
async function startFamilies() {
  const upstream = await startFakeUpstream()
  const clock = handClock()
  const counts = new Map<Family, number>()
  const refused: Json[] = []
  const asked = (family: Family) => upstream.requests.filter(({ path }) => path.startsWith(family.path))
  for (const family of families) {
    upstream.on(family.path, (request: Exchange) => {
      const n = (counts.get(family) ?? 0) + 1
      const reply = family.reply(request, n)
      if (reply.status === 400) refused.push(request.json)
      else counts.set(family, n)
      return reply
    })
  }
  const entries = families.map((family) => ({ family, entry: family.entry(upstream.origin, clock) }))
  const server = await startTestServer(undefined, {
    clock,
    gatewayOptions: {
      providers: entries.map(({ entry }) => entry),
      models: entries.map(({ family: { name, model }, entry }) => ({ name, deployments: [{ entry, model }] })),
      fallbackName: undefined,
      clock,
    },
  })
  return {
    asked,
    /** Requests that a family did not take; some were made again in another way. */
    refused,
    /** Goes through the loop, a model for each turn; every one of them has to answer. */
    async run(client: DialectClient, route: readonly string[], keepsReasoning: (turn: number) => boolean) {
      const loop = loops[client.dialect]
      let history = loop.first
      const answers: ClientAnswer[] = []
      for (const [i, model] of route.entries()) {
        const body = client.ask({ ...loop.body(model, history), stream: false })
        const answer = new ClientAnswer(await post(server.port, client.path, body))
        answers.push(answer)
        const json = JSON.parse(await answer.whole())
        expect([model, answer.status, json.error ?? undefined]).toEqual([model, 200, undefined])
        history = [...history, ...loop.turn(json, keepsReasoning(i))]
      }
      return answers
    },
    async [Symbol.asyncDispose]() {
      await upstream.close()
      await server.stop()
      await Promise.all(entries.map(({ entry }) => entry.provider.close()))
    },
  }
}

const names = families.map(({ name }) => name)
const areClaudes = (...names: readonly string[]) => names.every((name) => name.startsWith('claude'))
const always = () => true
const never = () => false

describe.each(clients.map((client) => ({ client, dialect: client.dialect })))('$dialect', ({ client }) => {
  test('fault 40: from Gemini to Claude and back in the middle of a tool loop: foreign signatures stay away, own ones return', async () => {
    await using rig = await startFamilies()
    await rig.run(client, ['gemini', 'claude', 'gemini', 'claude'], always)
    const [, toGemini] = rig.asked(gemini)
    const [, toClaude] = rig.asked(claude)
    expect(toGemini?.text).toContain('sig-gemini-1')
    expect(toGemini?.text).not.toContain('sig-claude')
    expect(toClaude?.text).not.toContain('sig-gemini')
    expect(toClaude?.text).not.toContain('dg1.')
  })

  test('fault 40: Claude gets its own thinking back behind the turns of others', async () => {
    await using rig = await startFamilies()
    await rig.run(client, ['claude', 'kimi', 'claude', 'claude'], always)
    const [, , last] = rig.asked(claude)
    expect(last?.text).toContain('sig-claude-1')
    expect(last?.json.messages[1].content[0]).toEqual({
      type: 'thinking',
      thinking: claude.thought(1),
      signature: 'sig-claude-1',
    })
  })

  test.each(names.flatMap((from) => names.filter((to) => to !== from).map((to) => ({ from, to }))))(
    'fault 40: $from, $to, $from go through one loop without a 400, with and without their reasoning',
    async ({ from, to }) => {
      for (const keeps of [always, never]) {
        await using rig = await startFamilies()
        await rig.run(client, [from, to, from, to], keeps)
        // What is relayed goes as it came, and details in Chat do not say whose they are: only the service can tell.
        const isToldByService = client.dialect === 'messages' || (client.dialect === 'chat' && areClaudes(from, to))
        if (!isToldByService) expect(rig.refused).toEqual([])
      }
    },
  )

  test('fault 40: all families in turns, while the client forgets every other reasoning', async () => {
    await using rig = await startFamilies()
    await rig.run(client, [...names, ...names.toReversed(), ...names], (turn) => turn % 2 === 0)
  })

  test('fault 40: reasoning as text goes to every family that reads it', async () => {
    await using rig = await startFamilies()
    await rig.run(client, ['claude', 'kimi', 'glm'], always)
    expect(rig.asked(kimiThinking)[0]?.json.messages[1].reasoning_content).toBe(claude.thought(1))
    const sent = rig.asked(glm)[0]?.json.messages.map(({ reasoning_content }: Json) => reasoning_content)
    expect(sent.filter(Boolean)).toEqual([claude.thought(1), kimiThinking.thought(1)])
  })

  test('fault 41: Claude goes on thinking where its client brings everything back', async () => {
    await using rig = await startFamilies()
    await rig.run(client, ['claude', 'claude', 'claude'], always)
    expect(rig.asked(claude).map(({ json }) => json.thinking?.type)).toEqual(['enabled', 'enabled', 'enabled'])
    expect(rig.asked(claude)[2]?.text).toContain('sig-claude-2')
  })

  test.each(names)('fault 41: %s gets back what its client has dropped', async (name) => {
    await using rig = await startFamilies()
    await rig.run(client, [name, name, name], never)
    const family = families.find((family) => family.name === name) as Family
    const last = rig.asked(family).at(-1)?.text ?? ''
    if (family === gemini) expect(last).toContain('sig-gemini-2')
    else if (!areClaudes(name)) expect(last).toContain(family.thought(2))
    else if (client.dialect !== 'messages') {
      expect(last).toContain(`sig-${name}-2`)
      expect(rig.asked(family).map(({ json }) => json.thinking?.type)).toEqual(['enabled', 'enabled', 'enabled'])
    }
  })
})

test('fault 41: Messages that are relayed without their thinking are repeated without any, and the client is told', async () => {
  await using rig = await startFamilies()
  const client = clients.find(({ dialect }) => dialect === 'messages') as DialectClient
  const answers = await rig.run(client, ['claude', 'claude'], never)
  expect(rig.asked(claude).map(({ json }) => json.thinking?.type)).toEqual(['enabled', 'enabled', undefined])
  expect(answers[1]?.headers['x-gateway-dropped']).toContain('reasoning_details')
})
