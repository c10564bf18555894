import type { ChatCompletionRequest } from '@dragoman/openai-schema'
import type { Answer, ChatContext, EndpointResult } from '../answer.ts'
import type { EndpointCall } from '../endpoint-job.ts'
import type { Engine } from '../engine.ts'
import { AnswerCache, type FoundName } from './answer-cache.ts'
import { IdempotentCalls, type IdempotentContext } from './idempotency.ts'
import type { SharedCall } from './idempotency-call.ts'
import { canonicalJson, digestOf, digestOfChat } from './kept-answer-key.ts'
import type { Recorder } from './kept-answer-run.ts'

export interface KeptAnswersOptions {
  readonly engine: Engine
  /** Calls that have an idempotency key. */
  readonly running: Map<string, SharedCall>
  find(model: string, context: IdempotentContext, signal: AbortSignal): Promise<FoundName | undefined>
  chat(request: ChatCompletionRequest, context: ChatContext, engine: Engine): Promise<Answer>
  serve(call: EndpointCall, context: IdempotentContext, engine: Engine): Promise<EndpointResult>
}

/** Requests whose answer may be there already: by what they ask, or by the key that they name. */
export class KeptAnswers {
  readonly #options: KeptAnswersOptions
  readonly #cache: AnswerCache
  readonly #idempotent: IdempotentCalls

  constructor(options: KeptAnswersOptions) {
    this.#options = options
    this.#cache = new AnswerCache(options.engine)
    this.#idempotent = new IdempotentCalls(options.engine, options.running)
  }

  /** By the cache, where the model group or the request has it on. */
  chat(request: ChatCompletionRequest, context: ChatContext, record?: Recorder): Promise<Answer> {
    const { engine, chat } = this.#options
    return this.#cache.chat(request, context, {
      find: () => this.#find(request.model, context),
      record: record ?? engine.record,
      ask: (record) => chat(request, context, { ...engine, record }),
    })
  }

  /** Once for each idempotency key, and by the cache as ever. */
  async chatOnce(request: ChatCompletionRequest, context: ChatContext): Promise<Answer> {
    const { engine } = this.#options
    const { model, stream } = request
    const { dialect = 'openai-chat' } = context
    const answer = await this.#idempotent.share({
      asked: { model, dialect, isStreamed: stream === true, chat: request, parsed: context.parsed ?? request },
      context,
      fingerprint: digestOf(['chat', digestOfChat(request, context)]),
      record: engine.record,
      find: () => this.#find(model, context),
      open: ({ signal }, record) => this.chat(request, { ...context, signal, idempotencyKey: undefined }, record),
    })
    return answer as Answer // as `open` gives it
  }

  /** A form goes on while it comes, so nobody can say beforehand what is in it: its key is not looked at. */
  async serveOnce(call: EndpointCall, context: IdempotentContext): Promise<EndpointResult> {
    const { engine, serve } = this.#options
    const { endpoint, model } = call
    const body = call.body(model)
    if (body.kind === 'form') return serve(call, context, engine)
    const answer = await this.#idempotent.share({
      asked: { model, dialect: 'openai-chat', endpoint, isStreamed: false, parsed: call.parsed },
      context,
      fingerprint: digestOf([endpoint, context.variant, canonicalJson(body.json)]),
      record: engine.record,
      find: () => this.#find(model, context),
      open: ({ signal }, record) =>
        serve(call, { ...context, signal, idempotencyKey: undefined }, { ...engine, record }),
    })
    return answer as EndpointResult // as `open` gives it
  }

  #find(model: string, context: IdempotentContext): Promise<FoundName | undefined> {
    return this.#options.find(model, context, signalOf(context))
  }
}

/** A real one, for who reads lists of models. */
function signalOf({ signal }: IdempotentContext): AbortSignal {
  if (signal instanceof AbortSignal) return signal
  const controller = new AbortController()
  const abort = () => controller.abort(signal.reason)
  if (signal.aborted) abort()
  else signal.addEventListener('abort', abort)
  return controller.signal
}
