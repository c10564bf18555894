import type { IncomingMessage } from 'node:http'
import { DragomanError, isDragomanError } from '@dragoman/core'
import { countTokens, messagesClient, messagesReader } from '@dragoman/dialects/anthropic-messages'
import { exchangeOf, header } from '../http/exchange.ts'
import type { Handler } from '../http/handler.ts'
import { sendJson } from '../http/send-json.ts'
import { answerTranslated, contextOf } from './chat-answer.ts'
import type { TranslatingOptions } from './translating.ts'

/** `POST /v1/messages`. */
export function messages({ gateway, open, readJson, sealFor }: TranslatingOptions): Handler {
  return async (request, response) => {
    const signal = open.signal(response)
    const { value, text } = await readJson(request, response)
    const sealing = await sealFor(exchangeOf(response).client)
    const asked = messagesClient.readRequest(value, sealing)
    await answerTranslated(
      request,
      response,
      { gateway, signal },
      {
        dialect: 'anthropic-messages',
        asked,
        text,
        value,
        body: text,
        reader: messagesReader,
        relayHeaders: ownHeaders(request),
        silence: 'event: ping\ndata: {"type":"ping"}\n\n',
        onAnswer: sealing.onAnswer,
      },
    )
  }
}

/** What an upstream of this dialect is told of the client's headers. */
function ownHeaders({ headers }: IncomingMessage): Record<string, string> {
  const own: Record<string, string> = {}
  for (const name of ['anthropic-version', 'anthropic-beta']) {
    const value = header(headers, name)
    if (value !== undefined) own[name] = value
  }
  return own
}

/** `POST /v1/messages/count_tokens`: the service's own count where it has one, else an estimate. */
export function countMessageTokens({ gateway, open, readJson }: TranslatingOptions): Handler {
  return async (request, response) => {
    const signal = open.abortSignal(response)
    const { value } = await readJson(request, response)
    const estimate = countTokens(value)
    const { model } = value as { model: string } // a body that is not right has been refused by now
    const plan = await gateway.plan(model, signal, exchangeOf(response).variant)
    const { rights, variant } = exchangeOf(response)
    if (rights && !gateway.mayUse(plan?.name ?? model, rights, variant)) throw notAllowed(model)
    const counts = plan?.targets.some(({ entry: { provider } }) => provider.endpoints?.includes(counter))
    sendJson(response, counts ? await counted() : { input_tokens: estimate })

    async function counted(): Promise<unknown> {
      const body = (upstream: string) => ({ kind: 'json' as const, json: { ...(value as object), model: upstream } })
      // An idempotency key is for what costs something.
      const context = { ...contextOf(request, response, signal), idempotencyKey: undefined }
      try {
        const answer = await gateway.serve({ endpoint: counter, model, parsed: value, body }, context)
        if (answer.kind === 'json') return answer.json
      } catch (error) {
        if (signal.aborted || (isDragomanError(error) && error.code === 'permission_denied')) throw error
      }
      // Agents count all the time, and a count that is not exact serves them better than none.
      return { input_tokens: estimate }
    }
  }
}

const counter = 'messages/count_tokens'

function notAllowed(model: string): DragomanError {
  const message = `model: this key may not use ${JSON.stringify(model.slice(0, 200))}`
  return new DragomanError('permission_denied', message, { param: 'model' })
}
