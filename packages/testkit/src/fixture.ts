import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { errorTable, isDragomanError } from '@dragoman/core'
import {
  type ChatCompletionChunk,
  type ChatCompletionRequest,
  chatCompletionRequest,
  validate,
} from '@dragoman/openai-schema'
import type { Exchange } from './exchange.ts'
import type { Reply } from './reply.ts'

/**
 * One recorded conversation with an upstream: files of one folder with one stem.
 *
 *     x.case.json      { request, provenance, covers, options?, credential? }
 *     x.http           the response as it came; x.1.http, x.2.http, ... where the case needs several, in that order
 *     x.upstream.json  snapshot: what we send
 *     x.chunks.jsonl   snapshot: the chunks we yield, then the error where the case ends in one
 */
export interface FixtureCase {
  /** The stem. */
  readonly name: string
  readonly request: ChatCompletionRequest
  readonly provenance: Provenance
  /** What the case is there to show, in a few words each. */
  readonly covers: readonly string[]
  /** Laid over what the suite's `configure` gives. */
  readonly options: Readonly<Record<string, unknown>>
  /** Laid over the suite's credential values. */
  readonly credential: Readonly<Record<string, string>>
  readonly responses: readonly RecordedResponse[]
  readonly upstreamFile: string
  readonly chunksFile: string
}

export interface Provenance {
  /** Where the bytes come from: a recording and of what, or the document that shows them. */
  readonly source: string
  /** Of the recording or document, `2026-05-01`. */
  readonly date?: string
  /** What was changed in them, and why this case is kept. */
  readonly note: string
}

export interface RecordedResponse {
  readonly status: number
  /** Lower-cased names; those of one hop (`connection`, `transfer-encoding`) are left out. */
  readonly headers: Readonly<Record<string, string | readonly string[]>>
  readonly body: Uint8Array
}

/** All cases of a folder, by name. Throws where a file belongs to no case or a case is not as described above. */
export function loadFixtures(folder: URL): FixtureCase[] {
  const path = fileURLToPath(folder)
  const files = readdirSync(path).sort()
  const stems = files.filter((file) => file.endsWith('.case.json')).map((file) => file.slice(0, -'.case.json'.length))
  for (const file of files) {
    const [, stem] = /^(.+?)(?:\.case\.json|(?:\.\d+)?\.http|\.upstream\.json|\.chunks\.jsonl)$/.exec(file) ?? []
    if (stem === undefined || !stems.includes(stem)) throw new Error(`Fixture file ${file} belongs to no case`)
  }
  if (stems.length === 0) throw new Error(`No fixture case in ${path}`)
  return stems.map((stem) => loadCase(path, stem))
}

/** The body was recorded without its chunks; the fake upstream frames it anew. `pieces` is how to deliver it. */
export function replay(response: RecordedResponse, pieces: Iterable<Uint8Array> = [response.body]): Reply {
  return { status: response.status, headers: response.headers, body: pieces }
}

export function isEventStream({ status, headers }: RecordedResponse): boolean {
  return status === 200 && String(headers['content-type']).startsWith('text/event-stream')
}

/** Reads `x.http`: a status line, headers, a blank line (line ends `\n` or `\r\n`), then the bytes of the body. */
export function parseResponse(file: Uint8Array): RecordedResponse {
  const bytes = Buffer.from(file)
  const blank = /\r?\n\r?\n/.exec(bytes.toString('latin1'))
  if (!blank) throw new Error('no blank line after the headers')
  const [statusLine = '', ...lines] = bytes.toString('latin1', 0, blank.index).split(/\r?\n/)
  const [, status] = /^HTTP\/[\d.]+ (\d{3})(?: |$)/.exec(statusLine) ?? []
  if (status === undefined) throw new Error(`not a status line: ${statusLine}`)
  const body = bytes.subarray(blank.index + blank[0].length)
  const headers: Record<string, string | string[]> = {}
  for (const line of lines) {
    const [, name, value] = /^([^:\s]+):[ \t]*(.*?)[ \t]*$/.exec(line) ?? []
    if (name === undefined || value === undefined) throw new Error(`not a header: ${line}`)
    addHeader(headers, name.toLowerCase(), value)
  }
  const length = headers['content-length']
  if (length !== undefined && Number(length) !== body.length) {
    throw new Error(`content-length is ${length}, but the body has ${body.length} bytes: was it edited?`)
  }
  return { status: Number(status), headers, body }
}

/** What was sent, as it is compared: header names without values, and credentials in the path by their names. */
export function describeRequest(exchange: Exchange, credential: Readonly<Record<string, string>>): unknown {
  let path = exchange.path
  for (const [name, value] of Object.entries(credential)) {
    for (const form of [value, encodeURIComponent(value)]) path = path.replaceAll(form, `{${name}}`)
  }
  return {
    method: exchange.method,
    path,
    headers: Object.keys(exchange.headers).sort(),
    body: bodyOf(exchange),
  }
}

function bodyOf(exchange: Exchange): unknown {
  const type = exchange.headers['content-type'] ?? ''
  // A message of Connect has five bytes before its JSON.
  if (type.startsWith('application/connect+json')) return JSON.parse(Buffer.from(exchange.body).subarray(5).toString())
  return type.includes('json') ? exchange.json : exchange.text
}

/**
 * What was yielded, as it is compared: a line of JSON per chunk, then a line for the error. Ids and instants that are
 * not in the recorded responses were made by the provider and differ from run to run: they are numbered instead.
 */
export function describeAnswer(
  chunks: readonly ChatCompletionChunk[],
  error: unknown,
  responses: readonly RecordedResponse[],
): string {
  const recorded = responses.map(({ body }) => Buffer.from(body).toString()).join('\n')
  const made = new Map<string, string>()
  const settle = (key: string, value: unknown): unknown => {
    if (key === 'created' && typeof value === 'number') return recorded.includes(String(value)) ? value : 0
    if (key !== 'id' || typeof value !== 'string' || value === '' || recorded.includes(value)) return value
    if (!made.has(value)) made.set(value, `made-${made.size + 1}`)
    return made.get(value)
  }
  const lines = chunks.map((chunk) => JSON.stringify(chunk, settle))
  if (error !== undefined) lines.push(JSON.stringify({ error: describeError(error) }))
  return lines.map((line) => `${line}\n`).join('')
}

/** Without its message: the words may be mended without touching every snapshot. */
function describeError(error: unknown): unknown {
  if (!isDragomanError(error)) return { code: null, message: `not a DragomanError: ${error}` }
  const { code, param, retryAfterMs, publicCode } = error
  return { code, param, retryAfterMs, ...(publicCode !== errorTable[code].publicCode && { publicCode }) }
}

/**
 * `value` as the text of a snapshot file. Where the file holds the same value already, its own text is given back, so
 * that a formatter may lay it out as it likes.
 */
export function jsonSnapshot(value: unknown, file: string): string {
  if (existsSync(file)) {
    const text = readFileSync(file, 'utf8')
    if (JSON.stringify(JSON.parse(text)) === JSON.stringify(value)) return text
  }
  return `${JSON.stringify(value, null, 2)}\n`
}

function loadCase(folder: string, name: string): FixtureCase {
  const at = (suffix: string) => join(folder, name + suffix)
  const wrong = (what: string) => new Error(`Fixture ${name}: ${what}`)
  const {
    request,
    provenance,
    covers,
    options = {},
    credential = {},
  }: Partial<FixtureCase> = JSON.parse(readFileSync(at('.case.json'), 'utf8'))
  if (!provenance?.source || !provenance.note) throw wrong('provenance needs a source and a note')
  if (!Array.isArray(covers) || covers.length === 0) throw wrong('covers has to say what the case is there to show')
  const checked = validate(chatCompletionRequest, request)
  if (!checked.ok) throw wrong(`the request is not one: ${checked.issue.message}`)
  const responses = responseFiles(at).map((file) => {
    try {
      return parseResponse(readFileSync(file))
    } catch (cause) {
      throw new Error(`Fixture ${file} is not a response`, { cause })
    }
  })
  return {
    name,
    request: checked.value,
    provenance,
    covers,
    options,
    credential,
    responses,
    upstreamFile: at('.upstream.json'),
    chunksFile: at('.chunks.jsonl'),
  }
}

function responseFiles(at: (suffix: string) => string): string[] {
  if (existsSync(at('.http'))) return [at('.http')]
  const files: string[] = []
  while (existsSync(at(`.${files.length + 1}.http`))) files.push(at(`.${files.length + 1}.http`))
  return files
}

const ofOneHop = new Set(['connection', 'keep-alive', 'transfer-encoding', 'trailer', 'upgrade'])

function addHeader(headers: Record<string, string | string[]>, name: string, value: string): void {
  if (ofOneHop.has(name)) return
  const before = headers[name]
  headers[name] = before === undefined ? value : [before, value].flat()
}
