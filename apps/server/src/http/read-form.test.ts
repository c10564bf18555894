import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { handClock, jsonReply } from '@dragoman/testkit'
import { describe, expect, test } from 'vitest'
import { startEndpoints } from '../test-endpoints-rig.ts'
import { rawRequest } from '../test-server.ts'
import { BodyBudget } from './body-budget.ts'
import { openExchange } from './exchange.ts'
import { formReader } from './read-form.ts'
import { type FormPart, FormParts } from './read-form-parts.ts'

const boundary = 'XX'

function part(disposition: string, content: string, more = ''): string {
  return `--${boundary}\r\nContent-Disposition: form-data; ${disposition}${more}\r\n\r\n${content}\r\n`
}

const file = part('name="file"; filename="a.wav"', 'RIFF\r\n--X\r\n--XXY\r\nmore', '\r\nContent-Type: audio/wav')
const model = part('name="model"', 'm')
const end = `--${boundary}--\r\n`

/** Name, file name, type and content of each part, when the form comes in these pieces. */
function partsOf(pieces: readonly Buffer[]) {
  const whole = Buffer.concat(pieces)
  const found: FormPart[] = []
  const parts = new FormParts(boundary, (each) => found.push(each))
  for (const piece of pieces) parts.push(piece)
  return {
    isWhole: parts.isWhole,
    parts: found.map(({ name, filename, type, from, to }) => [name, filename, type, whole.toString('utf8', from, to)]),
  }
}

describe('parts', () => {
  const form = Buffer.from(`preamble\r\n${file}${model}${part('name=empty', '')}${part('name="ü"', 'ß')}${end}epilogue`)
  const parts = [
    ['file', 'a.wav', 'audio/wav', 'RIFF\r\n--X\r\n--XXY\r\nmore'],
    ['model', undefined, undefined, 'm'],
    ['empty', undefined, undefined, ''],
    ['ü', undefined, undefined, 'ß'],
  ]

  test('are the same wherever the form is cut', () => {
    for (let at = 0; at <= form.length; at++) {
      expect(partsOf([form.subarray(0, at), form.subarray(at)])).toEqual({ isWhole: true, parts })
    }
    expect(partsOf([...form].map((_, i) => form.subarray(i, i + 1)))).toEqual({ isWhole: true, parts })
  })

  test('a form that breaks off is not whole', () => {
    const ending = form.indexOf(`--${boundary}--`) + boundary.length + 4
    for (let at = 0; at < ending; at++) expect(partsOf([form.subarray(0, at)]).isWhole).toBe(false)
  })

  test.each([
    ['filename="C:\\\\a \\"b\\".png"; name="file"', ['file', 'C:\\a "b".png']],
    ['name="a%22b%0D%0A"', ['a"b\r\n', undefined]],
    ['name=file; filename="x"; filename*=UTF-8\'\'na%C3%AFve.txt', ['file', 'naïve.txt']],
    ["name=file; filename=x; filename*=UTF-8''%FF", ['file', 'x']],
    // What looks like a name inside of another value is none.
    ['filename="a; name=\\"model\\""; name="file"', ['file', 'a; name="model"']],
  ])('%s is read', (disposition, [name, filename]) => {
    const [[readName, readFilename] = []] = partsOf([Buffer.from(part(disposition, 'x') + end)]).parts
    expect([readName, readFilename]).toEqual([name, filename])
  })

  test.each(['filename="x"', 'name="a"; name="b"', "name*=UTF-8''model", 'name="a" b', 'name="a'])(
    'a head with %s is refused',
    (disposition) => {
      expect(() => partsOf([Buffer.from(part(disposition, 'x') + end)])).toThrow(/^The body is no multipart/)
    },
  )

  test('heads and numbers of parts are bounded', () => {
    expect(() => partsOf([Buffer.from(part(`name="${'a'.repeat(20_000)}`, 'x'))])).toThrow('longer than 16384 bytes')
    expect(() => partsOf([Buffer.from(model.repeat(1_001))])).toThrow('more than 1000 parts')
  })
})

/** A form that comes in these pieces, sent on under another model while it comes. */
async function sentOn(pieces: readonly Buffer[]): Promise<string> {
  const request = new IncomingMessage(new Socket())
  request.headers = { 'content-type': `multipart/form-data; boundary=${boundary}` }
  const response = new ServerResponse(request)
  openExchange(request, response, 0)
  const budget = new BodyBudget({ maxBodyBytes: 10_000, maxBodiesBytes: 10_000 })
  const form = formReader(budget)(request, response)
  for (const piece of pieces) request.push(piece)
  request.push(null)
  expect(await form.field('model')).toBe('mm')
  const sent: Uint8Array[] = []
  for await (const piece of form.bytes('model', 'another')) sent.push(piece)
  return Buffer.concat(sent).toString()
}

test('wherever a form is cut, it goes on with another model and nothing else changed', async () => {
  const form = Buffer.from(file + part('name="model"', 'mm') + part('name="x"', 'y') + end)
  const expected = form.toString().replace('\r\n\r\nmm\r\n', '\r\n\r\nanother\r\n')
  for (let at = 1; at < form.length; at++) {
    expect(await sentOn([form.subarray(0, at), form.subarray(at)])).toBe(expected)
  }
  expect(await sentOn([...form].map((_, i) => form.subarray(i, i + 1)))).toBe(expected)
})

test('what comes byte by byte goes on as it comes, and from its beginning to another attempt', async () => {
  const request = new IncomingMessage(new Socket())
  request.headers = { 'content-type': `multipart/form-data; boundary=${boundary}` }
  const response = new ServerResponse(request)
  openExchange(request, response, 0)
  const form = formReader(new BodyBudget({ maxBodyBytes: 10_000, maxBodiesBytes: 10_000 }))(request, response)
  const [head = '', open = ''] = [part('name="model"', ''), part('name="file"; filename="x"', '')].map((each) =>
    each.slice(0, -'\r\n'.length),
  )
  request.push(`${head}mm\r\n${open}`)
  await form.field('model')
  const first = form.bytes('model', 'n')[Symbol.asyncIterator]()
  const second = form.bytes('model', 'o')
  const given: string[] = []
  const take = async () => given.push(Buffer.from((await first.next()).value ?? []).toString())
  while (!given.join('').endsWith(open)) await take()
  for (const byte of 'abc') {
    request.push(byte)
    await take()
  }
  request.push(`\r\n${end}`)
  request.push(null)
  await take()
  expect(given).toEqual([head, 'n', `\r\n${open}`, 'a', 'b', 'c', `\r\n${end}`])
  const again: Uint8Array[] = []
  for await (const piece of second) again.push(piece)
  expect(Buffer.concat(again).toString()).toBe(`${head}o\r\n${open}abc\r\n${end}`)
})

test('a form that stops coming is given up', async () => {
  const request = new IncomingMessage(new Socket())
  request.headers = { 'content-type': `multipart/form-data; boundary=${boundary}` }
  const response = new ServerResponse(request)
  openExchange(request, response, 0)
  const clock = handClock()
  const form = formReader(new BodyBudget({ maxBodyBytes: 10_000, maxBodiesBytes: 10_000 }), clock)(request, response)
  const field = form.field('model')
  request.push(file)
  await clock.advance(59_999)
  request.push(file)
  await clock.advance(59_999)
  const failed = expect(field).rejects.toMatchObject({ message: 'The body stopped coming for 60 s' })
  await clock.advance(1)
  await failed
  expect(clock.pending).toBe(0)
})

const type = { 'content-type': `multipart/form-data; boundary=${boundary}` }

describe('a form over HTTP', () => {
  const path = '/v1/audio/transcriptions'

  test.each([
    ['model first', model + file + end],
    ['model last', file + model + end],
    ['something before and after it', `pre\r\n${file}${model}${end}post`],
  ])('goes on with another model and nothing else changed: %s', async (_name, body) => {
    await using rig = await startEndpoints()
    rig.upstream.always(jsonReply({ text: 'Hello' }))
    const answer = await rawRequest(rig.server.url, { method: 'POST', path, headers: type, body })
    expect([answer.status, answer.text]).toEqual([200, '{"text":"Hello"}'])
    const { text, headers } = await rig.upstream.received(1)
    expect(text).toBe(body.replace('\r\n\r\nm\r\n', '\r\n\r\nup-1\r\n'))
    expect(headers['content-type']).toBe(type['content-type'])
    expect(headers['content-length']).toBe(String(text.length))
  })

  test.each([
    ['no model', file + end, 'model', 'model: required; expected the name of a model'],
    ['two models', model + file + model + end, 'model', 'model: given twice'],
    ['two models at once', model + model + end, 'model', 'model: given twice'],
    ['half of a form', file, null, 'The form breaks off: it does not end with its boundary'],
    ['half of a form behind its model', model + file, null, 'The form breaks off: it does not end with its boundary'],
    ['no form', 'hello', null, 'The form breaks off: it does not end with its boundary'],
    ['nothing', '', null, 'The form breaks off: it does not end with its boundary'],
    ['a long model', part('name="model"', 'm'.repeat(70_000)) + end, 'model', 'model: expected at most 65536 bytes'],
  ])('%s is a 400', async (_name, body, param, message) => {
    await using rig = await startEndpoints()
    rig.upstream.always(jsonReply({ text: 'Hello' }))
    const answer = await rawRequest(rig.server.url, { method: 'POST', path, headers: type, body })
    expect([answer.status, JSON.parse(answer.text).error]).toEqual([
      400,
      expect.objectContaining({ type: 'invalid_request_error', param, message }),
    ])
  })

  test.each([
    ['application/json', 415, 'Expected multipart/form-data, found application/json'],
    ['', 415, 'Expected multipart/form-data, found none'],
    ['multipart/form-data', 400, 'The content-type names no boundary'],
  ])('content-type %j is a %i', async (contentType, status, message) => {
    await using rig = await startEndpoints()
    const headers = contentType === '' ? {} : { 'content-type': contentType }
    const answer = await rawRequest(rig.server.url, { method: 'POST', path, headers, body: '{}' })
    expect([answer.status, JSON.parse(answer.text).error.message]).toEqual([status, message])
  })

  test('above the limit is a 413, whether its length is said or not', async () => {
    await using rig = await startEndpoints({ maxBodyBytes: 10_000 })
    const body = model + part('name="file"; filename="a"', 'x'.repeat(20_000)) + end
    for (const chunked of [{}, { 'transfer-encoding': 'chunked' }]) {
      const answer = await rawRequest(rig.server.url, { method: 'POST', path, headers: { ...type, ...chunked }, body })
      expect([answer.status, JSON.parse(answer.text).error.code]).toEqual([413, 'request_too_large'])
    }
  })
})
