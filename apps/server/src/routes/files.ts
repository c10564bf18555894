import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Dialect, DragomanError } from '@dragoman/core'
import type { FileList } from '@dragoman/openai-schema'
import type { FileStore } from '../file-store.ts'
import { inlineFiles } from '../file-store-inline.ts'
import type { BodyBudget } from '../http/body-budget.ts'
import { exchangeOf } from '../http/exchange.ts'
import type { Handler } from '../http/handler.ts'
import type { Form, FormReader } from '../http/read-form.ts'
import type { bodyReader, JsonBody } from '../http/read-json.ts'
import { sendJson } from '../http/send-json.ts'

type ById = Handler<{ id: string }>

/** `/v1/files`: what belongs to the key that asks, and nothing else. */
export function files(
  store: FileStore,
  readForm: FormReader,
): { upload: Handler; list: Handler; read: ById; content: ById; remove: ById } {
  return {
    async upload(request, response) {
      const form = readForm(request, response)
      const parts = await form.parts()
      const file = parts.find(({ name }) => name === 'file')
      if (!file) throw missing('file', 'a file')
      const purpose = await form.field('purpose')
      if (!purpose) throw missing('purpose', 'what the file is for, such as user_data')
      const { filename = 'file', type } = file
      const expiresAfterMs = await readExpiry(form)
      const upload = { filename, type, purpose, bytes: form.content(file), expiresAfterMs }
      sendJson(response, await store.put(exchangeOf(response).client, upload))
    },
    async list(_request, response) {
      const { client, query } = exchangeOf(response)
      sendJson(response, pageOf(await store.list(client), query))
    },
    async read({ params: { id } }, response) {
      const file = await store.get(exchangeOf(response).client, id)
      if (!file) throw notFound(id)
      sendJson(response, file)
    },
    async content({ params: { id } }, response) {
      const found = await store.content(exchangeOf(response).client, id)
      if (!found) throw notFound(id)
      const { file, bytes } = found
      response.writeHead(200, {
        // Whatever it says that it is: a browser is to save it, and not to run it.
        'content-type': 'application/octet-stream',
        'content-disposition': `attachment; filename*=UTF-8''${encodeRfc5987(file.filename)}`,
        'content-length': bytes.length,
        'x-content-type-options': 'nosniff',
      })
      response.end(response.req.method === 'HEAD' ? undefined : bytes)
    },
    async remove({ params: { id } }, response) {
      if (!(await store.delete(exchangeOf(response).client, id))) throw notFound(id)
      sendJson(response, { id, object: 'file', deleted: true })
    },
  }
}

/** A reader of JSON bodies in `dialect` that puts stored files where their ids stand. */
export function withFiles(
  readJson: ReturnType<typeof bodyReader>,
  store: FileStore,
  budget: BodyBudget,
  dialect: Dialect,
): ReturnType<typeof bodyReader> {
  return async (request: IncomingMessage, response: ServerResponse): Promise<JsonBody> => {
    const body = await readJson(request, response)
    // Nearly no request names one. With a `\` it could be written in another way.
    if (!body.text.includes('file_id') && !body.text.includes('\\u')) return body
    const { client } = exchangeOf(response)
    let hold: ReturnType<BodyBudget['holder']> | undefined
    const value = await inlineFiles(body.value, dialect, async (id) => {
      const found = await store.content(client, id)
      if (!found) return undefined
      hold ??= budget.holder(response, 'The body with its files')
      hold(Math.ceil((found.bytes.length * 4) / 3)) // as base64
      return { ...found.file, bytes: found.bytes }
    })
    return value === body.value ? body : { value, text: JSON.stringify(value) }
  }
}

/** `expires_after[anchor]` and `expires_after[seconds]`, as SDKs write an object into a form. */
async function readExpiry(form: Form): Promise<number | undefined> {
  const seconds = await form.field('expires_after[seconds]')
  if (seconds === undefined) return undefined
  const number = Number(seconds)
  if (Number.isInteger(number) && number > 0) return number * 1000
  const message = `expires_after[seconds]: expected a whole number; found ${JSON.stringify(seconds.slice(0, 80))}`
  throw new DragomanError('invalid_request', message, { param: 'expires_after[seconds]' })
}

const longestPage = 10_000

/** Newest first unless `order=asc`; `after` is the id before the page. */
function pageOf(all: FileList['data'], query: URLSearchParams): FileList {
  const order = query.get('order') ?? 'desc'
  if (order !== 'asc' && order !== 'desc') throw badQuery('order', 'expected asc or desc')
  const limit = Number(query.get('limit') ?? longestPage)
  if (!Number.isInteger(limit) || limit < 1 || limit > longestPage) {
    throw badQuery('limit', `expected a whole number from 1 to ${longestPage}`)
  }
  const purpose = query.get('purpose')
  const ofPurpose = all.filter((file) => purpose === null || file.purpose === purpose)
  const ordered = order === 'asc' ? ofPurpose : ofPurpose.toReversed()
  const after = query.get('after')
  const from = after === null ? 0 : ordered.findIndex(({ id }) => id === after) + 1
  if (after !== null && from === 0) throw badQuery('after', 'there is no such file')
  const data = ordered.slice(from, from + limit)
  const has_more = from + limit < ordered.length
  return { object: 'list', data, has_more, first_id: data[0]?.id ?? null, last_id: data.at(-1)?.id ?? null }
}

function badQuery(param: string, problem: string): DragomanError {
  return new DragomanError('invalid_request', `${param}: ${problem}`, { param })
}

function missing(param: string, what: string): DragomanError {
  const message = `${param}: required; expected ${what}`
  return new DragomanError('invalid_request', message, { param, publicCode: 'missing_required_parameter' })
}

function notFound(id: string): DragomanError {
  return new DragomanError('not_found', `No file ${JSON.stringify(id.slice(0, 80))} is stored here for this key`)
}

function encodeRfc5987(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replace(/['()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16)}`)
}
