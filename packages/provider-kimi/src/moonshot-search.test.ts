import { chatStream, errorReply, type ScriptedReply, tokens } from '@dragoman/testkit'
import { describe, expect, test } from 'vitest'
import { start, user } from './test-moonshot.ts'

describe('the search', () => {
  const asked = { model: 'kimi-k2.6', web_search_options: {}, messages: user('Weather in Oslo?') }
  const query = '{"query":"oslo","usage":{"total_tokens":900}}'
  const search = { id: '$web_search:0', name: '$web_search', arguments: [query.slice(0, 9), query.slice(9)] }

  /** Searches twice, then answers; strict about what comes back. */
  const searching: ScriptedReply = ({ json }) => {
    const offered = json.tools.filter((tool: { type: string }) => tool.type === 'builtin_function')
    if (offered.length !== json.tools.length || offered.length !== 1 || offered[0].function.name !== '$web_search')
      return errorReply(400, 'no search')
    if (json.web_search_options !== undefined) return errorReply(400, 'unknown field')
    const results = json.messages.filter(({ role }: { role: string }) => role === 'tool')
    for (const result of results) {
      const expected = { role: 'tool', tool_call_id: '$web_search:0', name: '$web_search', content: query }
      if (JSON.stringify(result) !== JSON.stringify(expected)) return errorReply(400, 'not the arguments')
    }
    const call = json.messages.at(-2)
    if (results.length > 0 && (!call.reasoning_content || call.tool_calls[0].function.arguments !== query)) {
      return errorReply(400, 'not the call')
    }
    if (results.length < 2) return chatStream({ text: 'Looking. ', toolCalls: [search], usage: tokens(10, 5) })
    return chatStream({ text: 'It rains.', usage: tokens(20, 7) })
  }

  test('covers kimi search: its calls are answered with their own arguments, and the client sees one answer', async () => {
    await using rig = await start(searching)
    expect(rig.provider.accepts?.(asked)).toEqual({ dropped: [] })
    const { choices, usage } = await rig.answer(asked)
    expect(choices[0]).toMatchObject({ message: { content: 'Looking. Looking. It rains.' }, finish_reason: 'stop' })
    expect(choices[0]?.message.tool_calls).toBeUndefined()
    expect(usage).toMatchObject({ prompt_tokens: 40, completion_tokens: 17, total_tokens: 57 })
    expect(rig.upstream.requests).toHaveLength(3)
  })

  test('a search that is asked for as a tool is the same one', async () => {
    await using rig = await start(searching)
    const { web_search_options, ...rest } = asked
    const { choices } = await rig.answer({ ...rest, tools: [{ type: 'web_search' }] })
    expect(choices[0]?.message.content).toBe('Looking. Looking. It rains.')
  })

  test('a model that only searches is not asked for ever', async () => {
    await using rig = await start(chatStream({ toolCalls: [search] }))
    await expect(rig.answer(asked)).rejects.toMatchObject({ code: 'upstream_protocol' })
    expect(rig.upstream.requests).toHaveLength(8)
  })

  test('a call of the client’s own tool goes to the client', async () => {
    const own = { id: 'look:1', name: 'look', arguments: '{}' }
    await using rig = await start(chatStream({ toolCalls: [search, own] }))
    const { choices } = await rig.answer(asked)
    expect(choices[0]?.finish_reason).toBe('tool_calls')
    expect(choices[0]?.message.tool_calls).toMatchObject([{ id: 'look:1', function: { name: 'look' } }])
    expect(rig.upstream.requests).toHaveLength(1)
  })

  test('a client that declares the search runs it itself', async () => {
    await using rig = await start(chatStream({ toolCalls: [search] }))
    const tools = [{ type: 'builtin_function' as const, function: { name: '$web_search' } }]
    const { choices } = await rig.answer({ ...asked, tools })
    expect(choices[0]?.message.tool_calls).toMatchObject([{ function: { name: '$web_search', arguments: query } }])
    expect((await rig.upstream.received(1)).json.tools).toEqual(tools)
  })
})
