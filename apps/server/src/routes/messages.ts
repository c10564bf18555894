import { countTokens, messagesClient, messagesReader } from '@dragoman/dialects/anthropic-messages'
import { exchangeOf } from '../http/exchange.ts'
import type { Handler } from '../http/handler.ts'
import { sendJson } from '../http/send-json.ts'
import { answerTranslated } from './chat-answer.ts'
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
        body: text,
        reader: messagesReader,
        silence: 'event: ping\ndata: {"type":"ping"}\n\n',
        onAnswer: sealing.onAnswer,
      },
    )
  }
}

/** `POST /v1/messages/count_tokens`: an estimate; nothing is called. */
export function countMessageTokens({ readJson }: Pick<TranslatingOptions, 'readJson'>): Handler {
  return async (request, response) => {
    const { value } = await readJson(request, response)
    sendJson(response, { input_tokens: countTokens(value) })
  }
}
