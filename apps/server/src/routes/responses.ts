import type { IncomingMessage, ServerResponse } from 'node:http'
import { DragomanError } from '@dragoman/core'
import {
  type OpenedResponsesRequest,
  type ResponsesReadRequest,
  responsesClient,
  responsesReader,
} from '@dragoman/dialects/openai-responses'
import type { BodyBudget, HoldBytes } from '../http/body-budget.ts'
import { exchangeOf } from '../http/exchange.ts'
import type { Handler } from '../http/handler.ts'
import { sendJson } from '../http/send-json.ts'
import type { ResponseStore, StoredResponse } from '../response-store.ts'
import { answerTranslated } from './chat-answer.ts'
import type { TranslatingOptions } from './translating.ts'

export interface ResponsesOptions extends TranslatingOptions {
  readonly store: ResponseStore
  /** What a request refers to takes as much memory as if it had brought it. */
  readonly budget: BodyBudget
  /** Told where an answer could not be kept. */
  onNotKept(cause: unknown): void
}

/** `POST /v1/responses`. */
export function createResponse({
  gateway,
  open,
  readJson,
  sealFor,
  store,
  budget,
  onNotKept,
}: ResponsesOptions): Handler {
  return async (request, response) => {
    const signal = open.signal(response)
    const { client } = exchangeOf(response)
    const { value, text } = await readJson(request, response)
    const opened = responsesClient.openRequest(value)
    const sealing = await sealFor(client)
    const hold = budget.holder(response, 'What the request refers to')
    const asked = opened.read({ seal: sealing.seal, ...(await lookedUp(opened, client, store, hold)) })
    await answerTranslated(
      request,
      response,
      { gateway, signal },
      {
        dialect: 'openai-responses',
        text,
        value,
        asked: opened.isStored ? kept(asked, opened, (stored) => store.put(client, stored).catch(onNotKept)) : asked,
        // What is kept here is what is written here, and nobody else knows what it refers to.
        body: opened.isStored || opened.previousResponseId || opened.references.length > 0 ? undefined : text,
        reader: responsesReader,
        silence: ': keepalive\n\n',
        onAnswer: sealing.onAnswer,
      },
    )
  }
}

/** What a request refers to. */
async function lookedUp(
  { previousResponseId, references }: OpenedResponsesRequest,
  client: string,
  store: ResponseStore,
  hold: HoldBytes,
) {
  return {
    history: previousResponseId === undefined ? undefined : await store.history(client, previousResponseId, hold),
    references: references.length > 0 ? await store.items(client, references, hold) : undefined,
  }
}

/** The same request, whose answers are kept before their last frame is out. */
function kept(
  asked: ResponsesReadRequest,
  { previousResponseId: previousId }: OpenedResponsesRequest,
  keep: (stored: StoredResponse) => void,
): ResponsesReadRequest {
  const turn = { input: asked.input(), previousId }
  return {
    ...asked,
    whole(completion) {
      const final = asked.answer(completion)
      keep({ ...turn, ...final })
      return final.response
    },
    encoder() {
      const encoder = asked.encoder()
      const keepFinal = (frames: string) => {
        if (encoder.final) keep({ ...turn, ...encoder.final })
        return frames
      }
      return {
        contentType: encoder.contentType,
        get final() {
          return encoder.final
        },
        chunk: (chunk) => encoder.chunk(chunk),
        heartbeat: () => encoder.heartbeat(),
        end: () => keepFinal(encoder.end()),
        error: (error) => keepFinal(encoder.error(error)),
      }
    },
  }
}

type ById = Handler<{ id: string }>

/** `GET`, `DELETE /v1/responses/{id}`, `GET …/input_items` and `POST …/cancel`. */
export function storedResponses(store: ResponseStore): {
  read: ById
  remove: ById
  inputItems: ById
  cancel: ById
} {
  const find = async ({ params }: { params: { id: string } }, response: ServerResponse): Promise<StoredResponse> => {
    const stored = await store.get(exchangeOf(response).client, params.id)
    if (!stored) throw notFound(params.id)
    return stored
  }
  return {
    async read(request, response) {
      if (exchangeOf(response).query.get('stream') === 'true') {
        const message = 'stream: a stored response is given whole, its events are not kept'
        throw new DragomanError('unsupported_parameter', message, { param: 'stream' })
      }
      sendJson(response, (await find(request, response)).response)
    },
    async remove(request, response) {
      const { id } = request.params
      if (!(await store.delete(exchangeOf(response).client, id))) throw notFound(id)
      sendJson(response, { id, object: 'response', deleted: true })
    },
    async inputItems(request, response) {
      const { input } = await find(request, response)
      sendJson(response, pageOf(input as readonly { id: string }[], exchangeOf(response).query)) // `input()` gives all an id
    },
    async cancel(request, response) {
      await find(request, response)
      const message = 'Only a response that runs in the background can be cancelled, and this one did not'
      throw new DragomanError('invalid_request', message)
    },
  }
}

function notFound(id: string): DragomanError {
  const message = `No response ${JSON.stringify(id.slice(0, 80))} is stored here for this key`
  return new DragomanError('not_found', message)
}

/** Newest first unless `order=asc`; `after` is the id before the page. */
function pageOf<Item extends { readonly id: string }>(items: readonly Item[], query: URLSearchParams) {
  const order = query.get('order') ?? 'desc'
  if (order !== 'asc' && order !== 'desc') throw badQuery('order', 'expected asc or desc')
  const limit = Number(query.get('limit') ?? 20)
  if (!Number.isInteger(limit) || limit < 1 || limit > 100)
    throw badQuery('limit', 'expected a whole number from 1 to 100')
  const ordered = order === 'asc' ? items : items.toReversed()
  const after = query.get('after')
  const from = after === null ? 0 : ordered.findIndex(({ id }) => id === after) + 1
  if (after !== null && from === 0) throw badQuery('after', 'there is no such item')
  const data = ordered.slice(from, from + limit)
  const has_more = from + limit < ordered.length
  return { object: 'list', data, first_id: data[0]?.id ?? null, last_id: data.at(-1)?.id ?? null, has_more }
}

function badQuery(param: string, problem: string): DragomanError {
  return new DragomanError('invalid_request', `${param}: ${problem}`, { param })
}

/**
 * `GET /v1/responses`. Codex asks for a WebSocket there first: at 426 it goes on by HTTP at once, at any other answer it
 * tries for ten seconds.
 */
export function noWebSocket(request: IncomingMessage, response: ServerResponse): void {
  if (!/\bwebsocket\b/i.test(request.headers.upgrade ?? '')) {
    response.setHeader('allow', 'POST, OPTIONS')
    throw new DragomanError(
      'method_not_allowed',
      'GET is not possible at /v1/responses: POST to it, or name a response',
    )
  }
  response.setHeader('connection', 'close')
  throw new DragomanError('upgrade_required', 'Responses are served over HTTP: POST to /v1/responses')
}
