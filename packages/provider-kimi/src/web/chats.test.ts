import { memoryState, type StateStore } from '@dragoman/core'
import { gate, type Step, stall } from '@dragoman/testkit'
import { describe, expect, test } from 'vitest'
import { answer, deletePath, endFrame, NOW, start, streamed, user } from './test-site.ts'

describe('the conversation at the site', () => {
  test('covers kimi-web sessions: it is deleted after the answer, and so is its note', async () => {
    await using rig = await start()
    await rig.ask()
    await rig.provider.close()
    expect(rig.site.deleted).toEqual(['19c-1'])
    expect((await rig.state.scan('kimi-web:made:', 10)).keys).toEqual([])
  })

  test('it is deleted too when the client leaves, and when the answer breaks', async () => {
    await using rig = await start()
    rig.site.answer = () => streamed(...answer('Hel', 'left').slice(0, 4), stall())
    for await (const chunk of rig.provider.chat({ model: 'kimi-k2.6', messages: user('Hi') }, await rig.call())) {
      if (chunk.choices[0]?.delta.content) break
    }
    rig.site.answer = () => streamed(...answer('Hel', 'broken').slice(0, 4), endFrame({ error: { code: 'internal' } }))
    await expect(rig.ask()).rejects.toMatchObject({ code: 'upstream_unavailable' })
    await rig.provider.close()
    expect(rig.site.deleted.sort()).toEqual(['broken', 'left'])
  })

  test('it is deleted too when the client leaves before the site has named it', async () => {
    await using rig = await start()
    const hold = gate()
    const reply = streamed(...answer('Hel', 'late').slice(0, 4), stall())
    rig.site.answer = () => ({ ...reply, body: [hold, ...(reply.body as Step[])] })
    const controller = new AbortController()
    const asked = rig.ask({}, { signal: controller.signal })
    const exchange = await rig.upstream.received(2)
    controller.abort()
    await expect(asked).rejects.toMatchObject({ code: 'aborted' })
    hold.open()
    expect(await exchange.closed).toBe('aborted')
    await rig.provider.close()
    expect(rig.site.deleted).toEqual(['late'])
    expect((await rig.state.scan('kimi-web:made:', 10)).keys).toEqual([])
  })

  test('a failed deletion keeps the note and disturbs nobody', async () => {
    await using rig = await start()
    rig.upstream.on(deletePath, () => ({ status: 500 }))
    await rig.ask()
    await rig.provider.close()
    expect((await rig.state.scan('kimi-web:made:', 10)).keys).toEqual(['kimi-web:made:mine:19c-1'])
  })

  test('it stays where the operator says so', async () => {
    await using rig = await start({ keepChats: true })
    await rig.ask()
    await rig.provider.close()
    expect(rig.site.deleted).toEqual([])
  })
})

test('what another process has left behind is deleted after the next answer, and nothing else', async () => {
  const state: StateStore = memoryState()
  await state.set('kimi-web:made:mine:left-over', String(NOW - 2 * 3_600_000))
  await using rig = await start()
  await rig.ask({}, { state })
  await rig.provider.close()
  expect(rig.site.deleted).toEqual(['19c-1', 'left-over'])
})
