import { chatStream } from '@dragoman/testkit'
import OpenAI, { toFile } from 'openai'
import { describe, expect, test } from 'vitest'
import { startEndpoints } from '../test-endpoints-rig.ts'
import { rawRequest } from '../test-server.ts'

const png = Buffer.from('\x89PNG\r\n\x1a\nrest of a picture', 'latin1')

test('covers openai-sdk files store: a file is uploaded, listed, read and deleted', async () => {
  await using rig = await startEndpoints()
  const { files } = rig.client
  const upload = await toFile(Buffer.from('Grüße'), 'gruß.txt', { type: 'text/plain' })
  const file = await files.create({ file: upload, purpose: 'user_data' })
  expect(file).toEqual({
    id: expect.stringMatching(/^file-[0-9a-f]{32}$/),
    object: 'file',
    bytes: 7,
    created_at: expect.any(Number),
    expires_at: file.created_at + 7 * 24 * 3600,
    filename: 'gruß.txt',
    purpose: 'user_data',
    status: 'processed',
  })
  expect(await files.retrieve(file.id)).toEqual(file)
  const content = await files.content(file.id)
  expect(await content.text()).toBe('Grüße')
  expect(content.headers.get('content-type')).toBe('application/octet-stream')
  expect(content.headers.get('content-disposition')).toBe("attachment; filename*=UTF-8''gru%C3%9F.txt")
  const other = await files.create({ file: await toFile(png, 'a.png'), purpose: 'vision' })
  const ids = async (query: OpenAI.FileListParams) => (await files.list(query)).data.map(({ id }) => id)
  expect(await ids({})).toEqual([other.id, file.id])
  expect(await ids({ order: 'asc' })).toEqual([file.id, other.id])
  expect(await ids({ purpose: 'vision' })).toEqual([other.id])
  expect(await ids({ limit: 1 })).toEqual([other.id])
  expect(await ids({ after: other.id })).toEqual([file.id])
  const all = []
  for await (const each of files.list({ limit: 1 })) all.push(each.id)
  expect(all).toEqual([other.id, file.id])
  expect(await files.delete(file.id)).toEqual({ id: file.id, object: 'file', deleted: true })
  await expect(files.retrieve(file.id)).rejects.toBeInstanceOf(OpenAI.NotFoundError)
  await expect(files.content(file.id)).rejects.toBeInstanceOf(OpenAI.NotFoundError)
  await expect(files.delete(file.id)).rejects.toBeInstanceOf(OpenAI.NotFoundError)
  expect(await ids({})).toEqual([other.id])
})

test('a file may expire sooner', async () => {
  await using rig = await startEndpoints()
  const file = await rig.client.files.create({
    file: await toFile(png, 'a.png'),
    purpose: 'vision',
    expires_after: { anchor: 'created_at', seconds: 3600 },
  })
  expect(file.expires_at).toBe(file.created_at + 3600)
})

test('files of one key are not there for another', async () => {
  const keys = [
    { key: 'sk-of-ada', name: 'ada' },
    { key: 'sk-of-bob', name: 'bob' },
  ]
  await using rig = await startEndpoints({ keys })
  const bob = rig.client.withOptions({ apiKey: 'sk-of-bob' })
  const { id } = await rig.client.files.create({ file: await toFile(png, 'a.png'), purpose: 'vision' })
  expect((await bob.files.list()).data).toEqual([])
  await expect(bob.files.retrieve(id)).rejects.toBeInstanceOf(OpenAI.NotFoundError)
  await expect(bob.files.content(id)).rejects.toBeInstanceOf(OpenAI.NotFoundError)
  await expect(bob.files.delete(id)).rejects.toBeInstanceOf(OpenAI.NotFoundError)
  const content = [{ type: 'file' as const, file: { file_id: id } }]
  const asked = bob.chat.completions.create({ model: 'm', messages: [{ role: 'user', content }] })
  await expect(asked).rejects.toMatchObject({ status: 400, param: 'messages[0].content[0].file.file_id' })
  expect((await rig.client.files.retrieve(id)).id).toBe(id)
})

describe('bad input', () => {
  test.each([
    ['/v1/files?order=up', 'order'],
    ['/v1/files?limit=0', 'limit'],
    ['/v1/files?after=file-1', 'after'],
  ])('%s is a 400', async (path, param) => {
    await using rig = await startEndpoints()
    const answer = await rawRequest(rig.server.url, { path })
    expect([answer.status, JSON.parse(answer.text).error.param]).toEqual([400, param])
  })

  test.each(['file-1', '..', '%2e%2e%2fstate.db', 'file-%00'])('%s is no file', async (id) => {
    await using rig = await startEndpoints()
    expect((await rawRequest(rig.server.url, { path: `/v1/files/${id}/content` })).status).toBe(404)
  })

  test.each([
    ['purpose', { file: new File(['x'], 'a.txt') }],
    ['file', { purpose: 'user_data' }],
    ['expires_after[seconds]', { file: new File(['x'], 'a'), purpose: 'evals', 'expires_after[seconds]': 'soon' }],
  ])('an upload without a good %s is a 400', async (param, fields) => {
    await using rig = await startEndpoints()
    const body = new FormData()
    for (const [name, value] of Object.entries(fields)) body.append(name, value)
    const answer = await fetch(`${rig.server.url}/v1/files`, { method: 'POST', body })
    const { error } = (await answer.json()) as { error: { param: string } }
    expect([answer.status, error.param]).toEqual([400, param])
  })
})

describe('a file that a request names by its id', () => {
  async function withFile(bytes: Uint8Array, name: string, type?: string) {
    const rig = await startEndpoints()
    rig.upstream.always(chatStream({ text: 'ok' }))
    const file = await toFile(bytes, name, type ? { type } : undefined)
    const { id } = await rig.client.files.create({ file, purpose: 'user_data' })
    return { rig, id }
  }

  async function post(url: string, path: string, body: unknown) {
    const headers = { 'content-type': 'application/json' }
    const answer = await rawRequest(url, { method: 'POST', path, headers, body: JSON.stringify(body) })
    return { status: answer.status, json: JSON.parse(answer.text) }
  }

  const pdf = Buffer.from('%PDF-1.7 rest of a document')

  test('covers openai-sdk files chat: a file that a part names by its id is in the message', async () => {
    const { rig, id } = await withFile(pdf, 'paper.pdf')
    await using _ = rig
    const content = [
      { type: 'text' as const, text: 'What is this?' },
      { type: 'file' as const, file: { file_id: id } },
    ]
    await rig.client.chat.completions.create({ model: 'm', messages: [{ role: 'user', content }] })
    const { json, text } = await rig.upstream.received(1)
    expect(json.messages[0].content).toEqual([
      { type: 'text', text: 'What is this?' },
      {
        type: 'file',
        file: { filename: 'paper.pdf', file_data: `data:application/pdf;base64,${pdf.toString('base64')}` },
      },
    ])
    expect(text).not.toContain(id)
  })

  test('is a picture of a chat, if it is one', async () => {
    const { rig, id } = await withFile(png, 'a.bin')
    await using _ = rig
    const content = [{ type: 'file' as const, file: { file_id: id } }]
    await rig.client.chat.completions.create({ model: 'm', messages: [{ role: 'user', content }] })
    const url = `data:image/png;base64,${png.toString('base64')}`
    expect((await rig.upstream.received(1)).json.messages[0].content).toEqual([
      { type: 'image_url', image_url: { url } },
    ])
  })

  test('covers openai-sdk files responses: a file that a part names by its id is in the input', async () => {
    const { rig, id } = await withFile(png, 'a.png')
    await using _ = rig
    const content = [{ type: 'input_image' as const, file_id: id, detail: 'auto' as const }]
    await rig.client.responses.create({ model: 'm', input: [{ role: 'user', content }] })
    expect(JSON.stringify((await rig.upstream.received(1)).json.messages)).toContain(
      `data:image/png;base64,${png.toString('base64')}`,
    )
  })

  test('is in a message of Messages, as text if it is one', async () => {
    const { rig, id } = await withFile(Buffer.from('Grüße aus Ulm'), 'a.md', 'text/markdown')
    await using _ = rig
    const content = [{ type: 'document', source: { type: 'file', file_id: id } }]
    const { status } = await post(rig.server.url, '/v1/messages', {
      model: 'm',
      max_tokens: 100,
      messages: [{ role: 'user', content }],
    })
    expect(status).toBe(200)
    const sent = JSON.stringify((await rig.upstream.received(1)).json.messages)
    expect(sent).not.toContain(id)
    expect(sent.includes('Grüße aus Ulm') || sent.includes(Buffer.from('Grüße aus Ulm').toString('base64'))).toBe(true)
  })

  const message = (part: unknown) => [{ role: 'user', content: [{ type: 'text', text: 'x' }, part] }]

  test.each([
    [
      '/v1/chat/completions',
      { messages: message({ type: 'file', file: { file_id: 'file-1' } }) },
      'messages[0].content[1].file.file_id',
    ],
    [
      '/v1/responses',
      { input: [{ role: 'user', content: [{ type: 'input_file', file_id: 'file-1' }] }] },
      'input[0].content[0].file_id',
    ],
  ])('is a 400 that names the part where there is none: %s', async (path, body, param) => {
    await using rig = await startEndpoints()
    const { status, json } = await post(rig.server.url, path, { model: 'm', ...body })
    expect([status, json.error.param]).toEqual([400, param])
    expect(json.error.message).toBe(`${param}: no file "file-1" is stored here for this key`)
    expect(rig.upstream.requests).toHaveLength(0)
  })

  test('and in Messages in its own form', async () => {
    await using rig = await startEndpoints()
    const { status, json } = await post(rig.server.url, '/v1/messages', {
      model: 'm',
      max_tokens: 1,
      messages: message({ type: 'image', source: { type: 'file', file_id: 'file-1' } }),
    })
    expect([status, json.type, json.error.type]).toEqual([400, 'error', 'invalid_request_error'])
    expect(json.error.message).toMatch(/^messages\[0\]\.content\[1\]\.source\.file_id: /)
  })

  test('counts as part of the request', async () => {
    await using rig = await startEndpoints({ maxBodyBytes: 20_000 })
    const { id } = await rig.client.files.create({ file: await toFile(Buffer.alloc(9_000), 'a'), purpose: 'user_data' })
    const part = { type: 'file', file: { file_id: id } }
    const messages = [{ role: 'user', content: [part, part] }]
    const { status, json } = await post(rig.server.url, '/v1/chat/completions', { model: 'm', messages })
    expect([status, json.error.code]).toEqual([413, 'request_too_large'])
  })
})
