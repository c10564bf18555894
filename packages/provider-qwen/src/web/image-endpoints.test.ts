import { type EndpointBody, isDragomanError } from '@dragoman/core'
import { expect, test } from 'vitest'
import { answers, pixel, providerOf, session } from './test-requests.ts'
import { created, frame, frames, startTestSite, type TestSite } from './test-site.ts'

const url = 'https://cdn.example/a.png?x=1'
const pictured = answers(frames([created, frame({ content: url, phase: 'image_gen', status: 'finished' })]))

async function serve(site: TestSite, fields: object, options: { model?: string; endpoint?: 'images/edits' } = {}) {
  const { model = 'qwen-max', endpoint = 'images/generations' as const } = options
  const provider = providerOf(site)
  const body: EndpointBody = { kind: 'json', json: { model, prompt: 'A cat', ...fields } }
  try {
    return await provider.serve?.({ endpoint, model, body }, session())
  } catch (error) {
    if (isDragomanError(error)) return error
    throw error
  } finally {
    await provider.close()
  }
}

test.each(['qwen-max', 'qwen-max-image', 'qwen-max-thinking'])(
  'a picture by %s is a chat of its own',
  async (model) => {
    await using site = await startTestSite()
    pictured(site)
    expect(await serve(site, { size: '1792x1024' }, { model })).toMatchObject({
      kind: 'json',
      json: { data: [{ url }] },
    })
    expect(site.asked[0]).toMatchObject({ model: 'qwen-max', size: '16:9' })
    expect(site.asked[0].messages[0]).toMatchObject({ chat_type: 't2i', content: 'A cat' })
    expect(site.chats.size).toBe(0)
  },
)

test('an edit shows its picture', async () => {
  await using site = await startTestSite()
  pictured(site)
  const answer = await serve(site, { image: pixel, size: 'auto' }, { endpoint: 'images/edits' })
  expect(answer).toMatchObject({ kind: 'json', json: { data: [{ url }] } })
  const [path] = [...site.files.keys()]
  expect(site.asked[0].messages[0]).toMatchObject({
    chat_type: 'image_edit',
    files: [{ type: 'image', url: `https://files.example${path}?Expires=1` }],
  })
  expect(site.asked[0]).not.toHaveProperty('size')
})

test.each([
  ['n', { n: 2 }, {}],
  ['stream', { stream: true }, {}],
  ['image', {}, { endpoint: 'images/edits' as const }],
])('%s that it has not is refused before any chat', async (param, fields, options) => {
  await using site = await startTestSite()
  expect(await serve(site, fields, options)).toMatchObject({ scope: 'request', param })
  expect(site.upstream.requests).toHaveLength(0)
})

test('a chat without a picture is no answer', async () => {
  await using site = await startTestSite()
  answers(frames([created]))(site)
  expect(await serve(site, {})).toMatchObject({ scope: 'upstream' })
})
