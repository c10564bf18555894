import { DragomanError } from '@dragoman/core'
import type { Gateway } from '@dragoman/gateway'
import type { OpenRequests } from '../http/exchange.ts'
import type { Handler } from '../http/handler.ts'
import { sendJson } from '../http/send-json.ts'

/** `GET /v1/models`. */
export function listModels(gateway: Gateway, open: OpenRequests): Handler {
  return async (_request, response) => {
    sendJson(response, { object: 'list', data: await gateway.models(open.abortSignal(response)) })
  }
}

/** `GET /v1/models/{id}`: ids hold slashes, percent-encoded or not. */
export function readModel(gateway: Gateway, open: OpenRequests): Handler<{ id: string[] }> {
  return async (request, response) => {
    const id = request.params.id.join('/')
    const models = await gateway.models(open.abortSignal(response))
    const model = models.find((candidate) => candidate.id === id)
    if (!model) throw new DragomanError('model_not_found', `There is no model ${id}`, { param: 'model' })
    sendJson(response, model)
  }
}
