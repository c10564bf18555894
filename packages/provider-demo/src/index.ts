import {
  type Call,
  DragomanError,
  type Provider,
  type ProviderEnvironment,
  type ProviderFactory,
  systemClock,
  toDragomanError,
} from '@dragoman/core'
import { type ChatCompletionRequest, chatCompletionRequest, validate } from '@dragoman/openai-schema'
import { z } from 'zod'
import { accepts } from './accepts.ts'
import { type Answer, answerTo } from './answer.ts'
import { chunksOf } from './chunks.ts'
import { failureIn } from './failures.ts'
import { inMarkup } from './markup.ts'
import { listModels, modelFor } from './models.ts'
import { type Question, readQuestion } from './question.ts'
import { limited, usageOf } from './tokens.ts'

const options = z.strictObject({})

/** There is nothing to set. */
export type DemoOptions = z.output<typeof options>

/**
 * Answers offline, at once and without a credential: the same request always gets the same answer, whether it is
 * streamed or not. Only `created` comes from the clock.
 */
export const demo: ProviderFactory<DemoOptions> = {
  id: 'demo',
  options,
  credential: z.strictObject({}),
  create: (_options, environment) => createDemo(environment),
}

function createDemo({ clock = systemClock }: ProviderEnvironment = {}): Provider {
  return {
    id: 'demo',
    accepts,
    models: async () => listModels(),
    close: async () => {},

    async *chat(request, { signal }: Call) {
      refuseWhatIsWrong(request)
      const question = readQuestion(request)
      const failure = question.isFromUser ? failureIn(question.text) : undefined
      const head = {
        id: `chatcmpl-demo-${await fingerprint(request)}`,
        created: Math.floor(clock.now() / 1000),
        model: request.model,
      }
      throwIfAborted(signal)
      if (failure?.kind === 'refused') throw failure.error

      const answers = failure?.kind === 'empty' ? [nothing] : answersTo(request, question)
      let sent = 0
      for (const chunk of chunksOf(head, answers, usageOf(request, answers))) {
        throwIfAborted(signal)
        const isOver = chunk.choices.every(({ finish_reason }) => finish_reason !== null)
        if (failure?.kind === 'cut' && (isOver || sent === chunksBeforeCut)) throw failure.error
        yield chunk
        sent++
      }
    },
  }
}

const nothing: Answer = { parts: [], finishReason: 'stop' }
const chunksBeforeCut = 12

function answersTo(request: ChatCompletionRequest, question: Question): Answer[] {
  const model = modelFor(request.model)
  const stops = typeof request.stop === 'string' ? [request.stop] : (request.stop ?? [])
  const maxTokens = request.max_completion_tokens ?? request.max_tokens ?? undefined
  const choice = answerTo(request, question, model)
  return Array.from({ length: request.n ?? 1 }, (_, index) =>
    limited(inMarkup(choice(index), model, question.earlierCalls), stops, maxTokens),
  )
}

/** Nobody upstream would say it, so it is said here. */
function refuseWhatIsWrong(request: ChatCompletionRequest): void {
  const checked = validate(chatCompletionRequest, request)
  if (!checked.ok) {
    const { message, param, code } = checked.issue
    throw new DragomanError('invalid_request', message, { param: param || undefined, publicCode: code })
  }
  const { refused } = accepts(request)
  if (refused) throw new DragomanError('unsupported_value', refused.message, { param: refused.param })
}

/** The request in 24 hexadecimal digits. Whether the answer is streamed makes no difference to it. */
async function fingerprint({ stream, stream_options, ...request }: ChatCompletionRequest): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(JSON.stringify(request)))
  return Array.from(new Uint8Array(digest, 0, 12), (byte) => byte.toString(16).padStart(2, '0')).join('')
}

function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw toDragomanError(signal.reason, signal)
}
