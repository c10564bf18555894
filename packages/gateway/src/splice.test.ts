import fc from 'fast-check'
import { expect, test } from 'vitest'
import { spliced } from './splice.ts'

function splice(body: string, model = 'new', streamOptions?: { given: unknown }): string | undefined {
  return spliced(body, { model, streamOptions })
}

test.each([
  ['{"model":"old","n":1}', '{"model":"new","n":1}'],
  ['{"n":1,"model":"old"}', '{"n":1,"model":"new"}'],
  [' \n{ "n" : [1, {"model": "x"}] ,\t"model" : "old" } ', ' \n{ "n" : [1, {"model": "x"}] ,\t"model" : "new" } '],
  ['{"messages":[{"content":"say \\"model\\": \\\\"}],"model":"old"}', undefined],
  ['{"mo\\u0064el":"old","x":{"model":"y"}}', '{"mo\\u0064el":"new","x":{"model":"y"}}'],
  ['{"x":"model","model":"old","y":-1.0e5,"z":true}', '{"x":"model","model":"new","y":-1.0e5,"z":true}'],
  [
    '{"seed":12345678901234567890,"model":"old","é":"ü\u2028"}',
    '{"seed":12345678901234567890,"model":"new","é":"ü\u2028"}',
  ],
  ['{"model":"o\\"ld","n":1}', '{"model":"new","n":1}'],
  ['\ufeff{"model":"old"}', '\ufeff{"model":"new"}'],
])('the model of %j is replaced, and nothing else', (body, expected) => {
  const wanted = expected ?? body.replace('"model":"old"', '"model":"new"')
  expect(splice(body)).toBe(wanted)
})

test('a model that is right already changes nothing', () => {
  const body = '{"model":"new","é":1}'
  expect(splice(body)).toBe(body)
})

test('a name is written as JSON', () => {
  expect(splice('{"model":"old"}', 'a"b\\ü')).toBe('{"model":"a\\"b\\\\ü"}')
})

test.each([
  '{"model":"a","model":"b"}',
  '{"model":"a","mod\\u0065l":"b"}',
  '{"model":"a","x":{"model":1},"model":"b"}',
])('a model that stands there twice is not spliced: %s', (body) => {
  expect(splice(body)).toBeUndefined()
})

test.each<[unknown, string, string]>([
  [undefined, '{"model":"new"}', '{"stream_options":{"include_usage":true},"model":"new"}'],
  [null, '{"stream_options":null,"model":"new"}', '{"stream_options":{"include_usage":true},"model":"new"}'],
  [
    { include_usage: false, x: 1 },
    '{"model":"new","stream_options": {"include_usage":false,"x":1} }',
    '{"model":"new","stream_options": {"include_usage":true,"x":1} }',
  ],
  [
    { include_usage: true },
    '{"model":"new","stream_options":{ "include_usage": true }}',
    '{"model":"new","stream_options":{ "include_usage": true }}',
  ],
])('usage is asked for where stream_options are %j', (given, body, expected) => {
  expect(splice(body, 'new', { given })).toBe(expected)
})

test('stream options that stand there twice are not spliced', () => {
  const body = '{"model":"m","stream_options":{},"stream_options":{}}'
  expect(splice(body, 'm', { given: {} })).toBeUndefined()
})

test('for any object, the result parses to the same with the new model, and is as long as it should be', () => {
  const entries = fc.array(fc.tuple(fc.oneof(fc.string(), fc.constantFrom('messages', 'tools', 'a"b')), fc.jsonValue()))
  fc.assert(
    fc.property(
      entries,
      entries,
      fc.string(),
      fc.string(),
      fc.constantFrom(0, 1, '\t'),
      (before, after, old, fresh, space) => {
        const request: Record<string, unknown> = {}
        for (const [key, value] of before) if (key !== 'model') request[key] = value
        request.model = old
        for (const [key, value] of after) if (key !== 'model') request[key] = value
        const body = JSON.stringify(request, undefined, space)
        const result = splice(body, fresh)
        expect(JSON.parse(result ?? '')).toEqual(JSON.parse(JSON.stringify({ ...request, model: fresh })))
        const grown = Buffer.byteLength(JSON.stringify(fresh)) - Buffer.byteLength(JSON.stringify(old))
        expect(Buffer.byteLength(result ?? '')).toBe(Buffer.byteLength(body) + grown)
      },
    ),
  )
})
