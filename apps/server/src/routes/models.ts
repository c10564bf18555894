import { DragomanError } from '@dragoman/core'
import type { Gateway } from '@dragoman/gateway'
import type { Model } from '@dragoman/openai-schema'
import { exchangeOf, type OpenRequests, speaksMessages } from '../http/exchange.ts'
import type { Handler } from '../http/handler.ts'
import { sendJson } from '../http/send-json.ts'

/**
 * `GET /v1/models`, with the keys of both families in each entry: OpenAI's clients read some of them, Anthropic's others.
 * The latter page through the list (`limit`, `after_id`), the former want all of it.
 */
export function listModels(gateway: Gateway, open: OpenRequests): Handler {
  return async (request, response) => {
    const { variant, rights, query } = exchangeOf(response)
    const models = await gateway.models(open.abortSignal(response), variant, rights)
    sendJson(response, speaksMessages(request) ? pageOf(models.map(forBoth), query) : listOf(models.map(forBoth)))
  }
}

/** `GET /v1/models/{id}`: ids hold slashes, percent-encoded or not. */
export function readModel(gateway: Gateway, open: OpenRequests): Handler<{ id: string[] }> {
  return async (request, response) => {
    const id = request.params.id.join('/')
    const { variant, rights } = exchangeOf(response)
    const models = await gateway.models(open.abortSignal(response), variant, rights)
    const model = models.find((candidate) => candidate.id === id)
    if (!model) throw new DragomanError('model_not_found', `There is no model ${id}`, { param: 'model' })
    sendJson(response, forBoth(model))
  }
}

/** The last second that a date can stand for. */
const lastSecond = 8.64e12

function forBoth(model: Model) {
  const { id } = model
  // What services list is theirs: one odd time must not take the whole list away.
  const created = Number.isFinite(model.created) && Math.abs(model.created) <= lastSecond ? model.created : 0
  return { ...model, created, type: 'model', display_name: id, created_at: new Date(created * 1000).toISOString() }
}

function listOf<M extends { id: string }>(models: readonly M[], has_more = false) {
  return { object: 'list', data: models, has_more, first_id: models[0]?.id ?? null, last_id: models.at(-1)?.id ?? null }
}

function pageOf<M extends { id: string }>(models: readonly M[], query: URLSearchParams) {
  const limit = Number(query.get('limit') ?? 1000)
  if (!Number.isInteger(limit) || limit < 1 || limit > 1000) {
    throw new DragomanError('invalid_request', 'limit: expected a whole number from 1 to 1000', { param: 'limit' })
  }
  const after = query.get('after_id')
  const from = after === null ? 0 : models.findIndex(({ id }) => id === after) + 1
  return listOf(models.slice(from, from + limit), from + limit < models.length)
}
