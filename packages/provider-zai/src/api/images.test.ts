import { credential, isDragomanError, memoryState } from '@dragoman/core'
import { handClock, jsonReply, type ScriptedReply, startFakeUpstream } from '@dragoman/testkit'
import { expect, test } from 'vitest'
import { zai } from '../index.ts'
import { now } from './test-zai.ts'

const png = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1')

const documented = ['model', 'prompt', 'quality', 'size', 'user_id']

/** Z.AI's images as they are documented: it takes no field that its reference does not have. */
async function asked(json: object, reply?: ScriptedReply) {
  await using upstream = await startFakeUpstream()
  const picture = `${upstream.origin}/picture.png?sign=1`
  upstream.on('/api/paas/v4/images/generations', (request) => {
    const { headers, json: sent } = request
    if (headers.authorization !== 'Bearer the-key') return jsonReply({ error: { code: '1000', message: 'no' } }, 401)
    const unknown = Object.keys(sent).filter((field) => !documented.includes(field))
    if (unknown.length > 0) return jsonReply({ error: { code: '1210', message: unknown.join() } }, 400)
    if (reply) return typeof reply === 'function' ? reply(request) : reply
    return jsonReply({
      created: 1760000000,
      data: [{ url: picture }],
      content_filter: [{ role: 'assistant', level: 3 }],
    })
  })
  upstream.on('/picture.png', { headers: { 'content-type': 'image/png' }, body: png })
  const options = { baseUrl: `${upstream.origin}/api/paas/v4` }
  const provider = zai.create(options, { clock: handClock(now), mediaFrom: ['127.0.0.1'] })
  const call = {
    credential: credential({ apiKey: 'the-key' }),
    signal: new AbortController().signal,
    state: memoryState(),
  }
  try {
    const body = { kind: 'json' as const, json: { model: 'glm-image', ...json } }
    const answer = await provider.serve?.({ endpoint: 'images/generations', model: 'glm-image', body }, call)
    return { answer, sent: upstream.requests[0]?.json, picture }
  } catch (error) {
    if (isDragomanError(error)) return { error, sent: upstream.requests[0]?.json, picture }
    throw error
  } finally {
    await provider.close()
  }
}

test('a picture is asked for in the words of Z.AI, and its address comes back', async () => {
  const wishes = {
    size: '1280x1280',
    quality: 'high',
    user: 'ada-lovelace',
    n: 1,
    style: 'vivid',
    response_format: 'url',
  }
  const { answer, sent, picture } = await asked({ prompt: 'a cat', ...wishes })
  expect(sent).toEqual({
    model: 'glm-image',
    prompt: 'a cat',
    size: '1280x1280',
    quality: 'hd',
    user_id: 'ada-lovelace',
  })
  expect(answer).toEqual({ kind: 'json', json: { created: now / 1000, data: [{ url: picture }] } })
})

test('what is left to the service is not sent', async () => {
  const { sent } = await asked({ prompt: 'a cat', size: 'auto', quality: 'auto' })
  expect(sent).toEqual({ model: 'glm-image', prompt: 'a cat' })
})

test('where data is asked for, the picture is fetched', async () => {
  const { answer } = await asked({ prompt: 'a cat', response_format: 'b64_json' })
  const b64_json = png.toString('base64')
  expect(answer).toMatchObject({ kind: 'json', json: { data: [{ b64_json }] } })
})

test.each([
  ['n', { n: 2 }, 'n: Z.AI makes one picture only'],
  ['stream', { stream: true }, 'stream: Z.AI does not stream its pictures'],
  ['background', { background: 'transparent' }, 'background: Z.AI makes no transparent background'],
])('%s that it has not is refused before any call', async (param, wish, message) => {
  const { error, sent } = await asked({ prompt: 'a cat', ...wish })
  expect([error?.code, error?.param, error?.message]).toEqual(['unsupported_value', param, message])
  expect(sent).toBeUndefined()
})

test('its errors are those of chats', async () => {
  const { error } = await asked({ prompt: 'a cat' }, jsonReply({ error: { code: '1301', message: 'unsafe' } }, 400))
  expect(error?.code).toBe('content_filter')
  const none = await asked({ prompt: 'a cat' }, jsonReply({ created: 1, data: [] }))
  expect(none.error?.code).toBe('upstream_empty')
})

test('its image models are listed', async () => {
  const provider = zai.create({})
  const call = { credential: credential({}), signal: new AbortController().signal, state: memoryState() }
  expect((await provider.models?.(call))?.map(({ id }) => id)).toContain('glm-image')
  await provider.close()
})
