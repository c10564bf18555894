import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { DragomanError } from '@dragoman/core'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { chatChunks } from './chat-replies.ts'
import { describeAnswer, jsonSnapshot, loadFixtures, parseResponse } from './fixture.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fixtures-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const good = {
  request: { model: 'm', messages: [{ role: 'user', content: 'hi' }] },
  provenance: { source: 'recorded', note: 'as it came' },
  covers: ['text'],
}
const load = (files: Record<string, unknown>) => {
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content))
  }
  return loadFixtures(pathToFileURL(`${folder}/`))
}
const ok = (body: string) => `HTTP/1.1 200 OK\ncontent-type: text/plain\n\n${body}`

test('a case has its request, one response, and paths for its snapshots', () => {
  const [only, ...others] = load({ 'a.case.json': good, 'a.http': ok('x'), 'a.chunks.jsonl': '' })
  expect(others).toEqual([])
  expect(only).toMatchObject({ name: 'a', ...good, options: {}, credential: {} })
  expect(only?.responses.map(({ body }) => Buffer.from(body).toString())).toEqual(['x'])
  expect(only?.upstreamFile).toBe(join(folder, 'a.upstream.json'))
})

test('several responses are numbered and come in that order; names may hold dots', () => {
  const files = Object.fromEntries(Array.from({ length: 11 }, (_, i) => [`v1.2.${i + 1}.http`, ok(`${i + 1}`)]))
  const [only] = load({ 'v1.2.case.json': good, ...files })
  expect(only?.responses.map(({ body }) => Number(Buffer.from(body).toString()))).toEqual([
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11,
  ])
})

test.each<[string, unknown, string]>([
  ['no provenance', { ...good, provenance: undefined }, 'provenance needs a source and a note'],
  ['provenance without a note', { ...good, provenance: { source: 'x' } }, 'provenance needs a source and a note'],
  ['nothing covered', { ...good, covers: [] }, 'covers has to say'],
  ['a wrong request', { ...good, request: { model: 'm', messages: 'hi' } }, 'the request is not one: messages'],
])('a case with %s is an error', (_, content, message) => {
  expect(() => load({ 'a.case.json': content })).toThrow(message)
})

test('a file that belongs to no case is an error, and so is a folder without cases', () => {
  expect(() => load({})).toThrow('No fixture case')
  expect(() => load({ 'a.case.json': good, 'b.http': ok('x') })).toThrow('b.http belongs to no case')
  expect(() => load({ 'a.case.json': good, 'a.txt': 'x' })).toThrow(/belongs to no case/)
})

test.each([
  ['\n', 'HTTP/1.1 429 Too Many Requests\nSet-Cookie: a\nset-cookie:b\nTransfer-Encoding: chunked\n\nb\n\nc\r\n'],
  ['\r\n', 'HTTP/2 429\r\nSet-Cookie: a\r\nset-cookie:b\r\nconnection: close\r\n\r\nb\n\nc\r\n'],
])('a response with heads ending in %j keeps the bytes of its body', (_, text) => {
  const { status, headers, body } = parseResponse(Buffer.from(text))
  expect(status).toBe(429)
  expect(headers).toEqual({ 'set-cookie': ['a', 'b'] })
  expect(Buffer.from(body).toString()).toBe('b\n\nc\r\n')
})

test('a body that is no UTF-8 stays as it is', () => {
  const body = Buffer.from([0xff, 0x00, 0x0a, 0x0a, 0xc3])
  const file = Buffer.concat([Buffer.from('HTTP/1.1 200 OK\r\n\r\n'), body])
  expect(Buffer.from(parseResponse(file).body)).toEqual(body)
})

test.each([
  ['HTTP/1.1 200 OK\ncontent-length: 3\n\nabcd', 'was it edited?'],
  ['HTTP/1.1 200 OK\nno blank line', 'no blank line'],
  ['200 OK\n\n', 'not a status line: 200 OK'],
  ['HTTP/1.1 200 OK\nodd\n\n', 'not a header: odd'],
])('%j is not a response', (text, message) => {
  expect(() => parseResponse(Buffer.from(text))).toThrow(message)
})

test('ids and instants of the upstream stay; those that the provider made are numbered', () => {
  const chunks = [
    ...chatChunks({ id: 'theirs', created: 1111 }),
    ...chatChunks({ id: 'ours-4f', created: 2222, toolCalls: [{ id: 'call-9d', name: 'f' }], finish: null }),
  ]
  const responses = [{ status: 200, headers: {}, body: Buffer.from('{"id":"theirs","created":1111}') }]
  const lines = describeAnswer(chunks, undefined, responses).trim().split('\n')
  const parsed = lines.map((line) => JSON.parse(line))
  expect(parsed.map(({ id, created }) => [id, created])).toEqual([
    ...Array.from({ length: 2 }, () => ['theirs', 1111]),
    ...Array.from({ length: 3 }, () => ['made-1', 0]),
  ])
  expect(parsed[3].choices[0].delta.tool_calls[0].id).toBe('made-2')
})

test('an error is the last line: what a program sees of it, not its words', () => {
  const error = new DragomanError('rate_limited', 'http://127.0.0.1:1 said no', { retryAfterMs: 5, publicCode: 'slow' })
  expect(describeAnswer(chatChunks().slice(0, 1), error, []).split('\n').slice(1)).toEqual([
    '{"error":{"code":"rate_limited","retryAfterMs":5,"publicCode":"slow"}}',
    '',
  ])
  expect(describeAnswer([], new DragomanError('upstream_protocol', 'odd'), [])).toBe(
    '{"error":{"code":"upstream_protocol"}}\n',
  )
})

test('a snapshot of JSON keeps the layout of its file as long as the value is the same', () => {
  const file = join(folder, 'x.json')
  expect(jsonSnapshot({ a: [1] }, file)).toBe('{\n  "a": [\n    1\n  ]\n}\n')
  writeFileSync(file, '{ "a": [1] }')
  expect(jsonSnapshot({ a: [1] }, file)).toBe(readFileSync(file, 'utf8'))
  expect(jsonSnapshot({ a: [2] }, file)).toContain('2')
})
