import { collect, credential, memoryState } from '@dragoman/core'
import type { ChatCompletionRequest } from '@dragoman/openai-schema'
import { chatStream, startFakeUpstream } from '@dragoman/testkit'
import { describe, expect, test } from 'vitest'
import { kimi } from './index.ts'
import { start } from './test-moonshot.ts'

describe('what is sent besides text', () => {
  const png = Buffer.from('89504e470d0a1a0a0000', 'hex')

  test('covers kimi images: a public address is fetched here, since the platform refuses it', async () => {
    await using media = await startFakeUpstream()
    media.on('/cat.png', () => ({ headers: { 'content-type': 'image/png' }, body: png }))
    await using upstream = await startFakeUpstream()
    upstream.always(chatStream({ text: 'A cat' }))
    const parsed = kimi.options.parse({ baseUrl: `${upstream.origin}/v1` })
    const provider = kimi.create(parsed, { mediaFrom: ['127.0.0.1'] })
    const call = {
      credential: credential({ apiKey: 'sk' }),
      signal: new AbortController().signal,
      state: memoryState(),
    }
    const url = `${media.origin}/cat.png`
    const messages = [{ role: 'user' as const, content: [{ type: 'image_url' as const, image_url: { url } }] }]
    const request = { model: 'kimi-k2.6', messages }
    await collect(provider.chat(request, call), request)
    const [part] = (await upstream.received(1)).json.messages[0].content
    expect(part).toEqual({
      type: 'image_url',
      image_url: { url: `data:image/png;base64,${png.toString('base64')}` },
    })
    await provider.close()
    const closed = kimi.create(parsed)
    await expect(collect(closed.chat(request, call), request)).rejects.toMatchObject({ code: 'invalid_request' })
    await closed.close()
    expect(media.requests).toHaveLength(1)
  })

  test('covers kimi files: one of text is written into the message, another is refused', async () => {
    await using rig = await start(chatStream({ text: 'abc' }))
    const file = (bytes: string) => ({
      type: 'file' as const,
      file: { filename: 'a.txt', file_data: `data:;base64,${Buffer.from(bytes, 'latin1').toString('base64')}` },
    })
    await rig.answer({ model: 'kimi-k3', messages: [{ role: 'user', content: [file('abc')] }] })
    expect((await rig.upstream.received(1)).json.messages[0].content).toEqual([
      { type: 'text', text: 'File a.txt:\nabc\nEnd of the file.' },
    ])
    const pdf: ChatCompletionRequest = {
      model: 'kimi-k3',
      messages: [{ role: 'user', content: [file('%PDF-1.7 \xff')] }],
    }
    await expect(rig.answer(pdf)).rejects.toMatchObject({ code: 'unsupported_value' })
    expect(rig.upstream.requests).toHaveLength(1)
  })
})
