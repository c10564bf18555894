import { memoryState } from '@dragoman/core'
import { gate, handClock, jsonReply, noReply, startForwardProxy } from '@dragoman/testkit'
import { describe, expect, test } from 'vitest'
import { failure, frame } from './test-orion.ts'
import { startRig, TOKEN } from './test-rig.ts'

const hour = 3_600_000

describe('the conversation of an answer', () => {
  test('covers orion-web sessions: is new, in a project of our own, and deleted after the answer', async () => {
    await using rig = await startRig()
    await rig.complete(rig.request('Hi'))
    await rig.fake.deletion(TOKEN)
    const [, project] = rig.account.projects
    expect(project).toMatchObject({ name: 'dragoman' })
    expect(rig.account.deleted).toHaveLength(1)
    expect([...rig.account.conversations.keys()]).toEqual(['cv-own'])
    const [id] = rig.account.deleted
    expect(rig.fake.calls()).toEqual([
      'GET /project',
      'POST /project',
      'POST /conversation',
      `POST /conversation/${id}/message`,
      'POST /chat',
      `DELETE /conversation/${id}`,
    ])
  })

  test('stays where that is wanted', async () => {
    await using rig = await startRig({ keepConversations: true })
    await rig.complete(rig.request('Hi'))
    await rig.provider.close()
    expect(rig.account.conversations.size).toBe(2)
    expect(await rig.state.scan('orion-web:made:', 10)).toEqual({ keys: [] })
  })

  test('is deleted when the answer failed', async () => {
    await using rig = await startRig()
    rig.fake.answer = () => failure(500, 'Internal server error')
    await expect(rig.complete(rig.request('Hi'))).rejects.toMatchObject({ code: 'upstream_unavailable' })
    await rig.fake.deletion(TOKEN)
    expect([...rig.account.conversations.keys()]).toEqual(['cv-own'])
  })

  test('is deleted when the caller leaves in the stream', async () => {
    await using rig = await startRig()
    const middle = gate()
    const body = [`data: ${frame({ content: 'Hel' })}\n\n`, middle]
    rig.fake.answer = () => ({ headers: { 'content-type': 'text/event-stream' }, body })
    for await (const _ of rig.provider.chat(rig.request('Hi'), rig.call())) break
    await rig.fake.deletion(TOKEN)
    expect([...rig.account.conversations.keys()]).toEqual(['cv-own'])
  })

  test('is deleted when the caller left before its id was known', async () => {
    await using rig = await startRig()
    const creation = gate()
    let isFirst = true
    const controller = new AbortController()
    rig.fake.before = ({ method, path }) => {
      if (`${method} ${path}` !== 'POST /conversation' || !isFirst) return undefined
      isFirst = false
      rig.account.conversations.set('cv-late', { id: 'cv-late', projectId: 'pr-1', messages: [] })
      return { before: [creation], headers: { 'content-type': 'application/json' }, body: '{"id":"cv-late"}' }
    }
    const running = rig.complete(rig.request('Hi'), controller.signal)
    await creation.reached
    controller.abort()
    await expect(running).rejects.toMatchObject({ code: 'aborted' })
    creation.open()
    await rig.fake.deletion(TOKEN)
    expect(rig.account.deleted).toEqual(['cv-late'])
  })

  test('is created once more when it is lost, with the message', async () => {
    await using rig = await startRig()
    let chats = 0
    rig.fake.before = (request) => {
      if (request.path === '/chat' && ++chats === 1) rig.account.conversations.delete(request.json.conversationId)
      return undefined
    }
    const { choices } = await rig.complete(rig.request('Hi'))
    expect(choices[0]?.message.content).toBe('Hi')
    expect(rig.fake.calls().filter((call) => call.endsWith('/message'))).toHaveLength(2)
  })

  test('is not created a third time', async () => {
    await using rig = await startRig()
    rig.fake.answer = () => failure(404, 'Not Found')
    await expect(rig.complete(rig.request('Hi'))).rejects.toMatchObject({ code: 'deployment_not_found' })
    expect(rig.fake.calls().filter((call) => call === 'POST /conversation')).toHaveLength(2)
  })
})

describe('the project', () => {
  test('is looked for once, by requests at the same time too', async () => {
    await using rig = await startRig()
    await Promise.all(['a', 'b', 'c'].map((text) => rig.complete(rig.request(text))))
    await rig.complete(rig.request('d'))
    expect(rig.fake.calls().filter((call) => call.endsWith('/project'))).toEqual(['GET /project', 'POST /project'])
  })

  test('is found by its name', async () => {
    await using rig = await startRig({ projectName: 'My gateway' })
    rig.account.projects.push({ id: 'pr-77', name: 'My gateway' })
    await rig.complete(rig.request('Hi'))
    expect(rig.fake.calls()).not.toContain('POST /project')
    expect((await rig.fake.upstream.received(2)).json).toEqual({ projectId: 'pr-77' })
  })

  test('is looked for again when it is gone', async () => {
    await using rig = await startRig()
    await rig.complete(rig.request('Hi'))
    rig.account.projects.splice(1)
    await expect(rig.complete(rig.request('Hi'))).resolves.toBeDefined()
    expect(rig.account.projects).toHaveLength(2)
  })

  test('does not wait for a caller that left', async () => {
    await using rig = await startRig()
    rig.fake.before = () => noReply()
    const controller = new AbortController()
    const running = rig.complete(rig.request('Hi'), controller.signal)
    await rig.fake.upstream.received(1)
    controller.abort()
    await expect(running).rejects.toMatchObject({ code: 'aborted' })
    await rig.fake.upstream.close()
  })
})

describe('left-over conversations', () => {
  test('of ours are deleted after another one, in their projects; others are not', async () => {
    const clock = handClock()
    const state = memoryState({ clock })
    await state.set('orion-web:made:orion%3A1:pr-own%2Fcv-old', String(clock.now() - 2 * hour))
    await using rig = await startRig({}, { state })
    rig.account.conversations.set('cv-old', { id: 'cv-old', projectId: 'pr-own', messages: [] })
    await rig.complete(rig.request('Hi'))
    await rig.provider.close()
    expect(rig.account.deleted).toContain('cv-old')
    expect([...rig.account.conversations.keys()]).toEqual(['cv-own'])
    expect((await state.scan('orion-web:made:', 100)).keys).toEqual([])
  })

  test.each([
    ['by its status', failure(500, 'Internal server error')],
    ['in words', jsonReply({ error: 'busy' })],
  ])('stay noted where the service refuses to delete them %s', async (_, reply) => {
    await using rig = await startRig()
    rig.fake.before = ({ method }) => (method === 'DELETE' ? reply : undefined)
    await rig.complete(rig.request('Hi'))
    await rig.provider.close()
    expect((await rig.state.scan('orion-web:made:', 10)).keys).toHaveLength(1)
  })
})

test('a conversation is deleted by the outgoing proxy, where there is one', async () => {
  await using proxy = await startForwardProxy()
  await using rig = await startRig({}, { proxy: proxy.origin })
  await rig.complete(rig.request('Hi'))
  await rig.provider.close()
  const [id] = rig.account.deleted
  expect(proxy.seen.map(({ line }) => line)).toContain(`DELETE ${rig.fake.upstream.origin}/conversation/${id}`)
  expect(proxy.seen).toHaveLength(rig.fake.calls().length)
})
