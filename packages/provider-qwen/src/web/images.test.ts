import { collect } from '@dragoman/core'
import type { ChatCompletionRequest } from '@dragoman/openai-schema'
import { jsonReply, startForwardProxy } from '@dragoman/testkit'
import { expect, test } from 'vitest'
import { answered, answers, failureOf, pixel, providerOf, seen, session, user } from './test-requests.ts'
import { created, frame, frames, startTestSite } from './test-site.ts'

test('covers qwen-web images: an image is uploaded with a signature, once, and shown by its address', async () => {
  await using site = await startTestSite()
  const provider = providerOf(site)
  const request: ChatCompletionRequest = { model: 'qwen3-vl-plus', messages: seen(pixel) }
  const call = session()
  await collect(provider.chat(request, call), request)
  await collect(provider.chat(request, call), request)
  const [[path = '', bytes] = [], ...others] = site.files
  expect(others).toEqual([])
  expect(bytes?.subarray(1, 4).toString()).toBe('PNG')
  for (const { messages } of site.asked) {
    expect(messages[0].content).toEqual([
      { type: 'text', text: 'What is it? \n[image 1]' },
      { type: 'image', image: `https://files.example${path}?Expires=1` },
    ])
  }
  expect(site.upstream.requests.filter(({ path: sent }) => sent.endsWith('getstsToken'))).toHaveLength(1)
  expect(JSON.stringify(site.upstream.requests.map(({ rawHeaders }) => rawHeaders))).not.toContain('the-secret')
  await provider.close()
})

test('an upload goes by the outgoing proxy', async () => {
  await using site = await startTestSite()
  await using proxy = await startForwardProxy()
  const provider = providerOf(site, {}, { proxy: proxy.origin })
  const request: ChatCompletionRequest = { model: 'qwen3-vl-plus', messages: seen(pixel) }
  await collect(provider.chat(request, session()), request)
  const [path = ''] = [...site.files.keys()]
  expect(proxy.seen.map(({ line }) => line)).toContain(`PUT ${site.upstream.origin}${path}`)
  await provider.close()
})

test('an upload that is refused is told without the key that signed it', async () => {
  const error = await failureOf({ model: 'qwen3-vl-plus', messages: seen(pixel) }, ({ settings, upstream }) => {
    settings.once.set(
      '/api/v1/files/getstsToken',
      jsonReply({
        access_key_id: 'STS.other',
        access_key_secret: 'another-secret',
        security_token: 'another-token',
        file_path: 'x.png',
        file_url: `${upstream.origin}/x.png`,
        bucketname: 'b',
        region: 'oss-r',
      }),
    )
  })
  expect(error).toMatchObject({ code: 'upstream_unavailable', message: expect.stringContaining('403') })
  expect(String(error.stack)).not.toMatch(/another|STS/)
})

test.each([
  ['the text', [frame({ content: 'https://cdn.example/a.png?x=1', phase: 'image_gen', status: 'finished' })]],
  [
    'a list',
    [
      frame({
        content: '',
        phase: 'image_gen_tool',
        extra: { image_list: [{ image: 'https://cdn.example/a.png?x=1' }] },
      }),
    ],
  ],
  ['the answer', [frame({ content: 'https://cdn.example/a.png?x=1', phase: 'answer', status: 'typing' })]],
])('a picture that is named in %s comes as Markdown, once', async (_, events) => {
  const reply = frames([created, ...events, ...events])
  const { message, asked } = await answered({ model: 'qwen-max-image' }, answers(reply))
  expect(message).toMatchObject({
    message: { content: '![image](https://cdn.example/a.png?x=1)' },
    finish_reason: 'stop',
  })
  expect(asked[0].messages[0].chat_type).toBe('t2i')
})

test('a picture that the stream does not name is looked for in the chat', async () => {
  const { message } = await answered({ model: 'qwen-max-image', ...{ size: '1152x768' } }, (site) => {
    answers(frames([created]))(site)
    site.settings.storedChat = { chat: { messages: [{ content: 'Here: ![it](https://cdn.example/b.png)' }] } }
  })
  expect(message.message.content).toBe('![image](https://cdn.example/b.png)')
})

test.each([
  ['1024x1024', '1:1'],
  ['1536x1024', '4:3'],
  ['1152x768', '3:2'],
  ['9:16', '9:16'],
  ['auto', '1:1'],
])('the size %s is the ratio %s', async (size, ratio) => {
  const sized: Partial<ChatCompletionRequest> & { size: string } = { size }
  const { asked } = await answered(sized)
  expect(asked[0].size).toBe(ratio)
})

test('an edit takes the last picture of the conversation', async () => {
  const messages: ChatCompletionRequest['messages'] = [
    ...user('A cat'),
    { role: 'assistant', content: '![image](https://cdn.example/cat.png)' },
    ...user('With a hat'),
  ]
  const { asked } = await answered({ model: 'qwen-max-image-edit', messages })
  expect(asked[0].messages[0]).toMatchObject({
    chat_type: 'image_edit',
    files: [{ type: 'image', url: 'https://cdn.example/cat.png' }],
  })
})
