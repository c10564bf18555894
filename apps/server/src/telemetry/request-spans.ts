import type { AttemptEntry, LogEntry } from '@dragoman/core'
import { printable } from '../http/printable.ts'
import { attributes, nanoseconds, type OtlpSpan } from './otlp-messages.ts'
import type { TraceParent } from './traceparent.ts'

export interface SpanContext {
  /** What the conventions call a provider, by its id. */
  readonly providerNames: ReadonlyMap<string, string>
  /** So many random bytes, as hexadecimal digits. */
  readonly randomHex: (bytes: number) => string
}

const kinds = { server: 2, client: 3 } as const
const failed = { code: 2 } as const

/**
 * A request as spans, by the conventions for generative AI: one for the request, and below it one for each call to an
 * upstream. Tokens are on the calls, of which they are: whoever adds up spans would count them twice. No text of anybody's
 * is in them, of errors their codes alone.
 */
export function requestSpans(entry: LogEntry, parent: TraceParent | undefined, context: SpanContext): OtlpSpan[] {
  const { attempts, model, error, status } = entry
  const trace = { traceId: parent?.traceId ?? context.randomHex(16), traceState: parent?.state }
  const spanId = context.randomHex(8)
  const operation = operationOf(entry)
  const last = error ? undefined : attempts.at(-1)
  const asked = printable(model)
  const request: OtlpSpan = {
    ...trace,
    spanId,
    parentSpanId: parent?.spanId,
    name: `${operation} ${asked}`,
    kind: kinds.server,
    ...timesOf(entry),
    attributes: attributes({
      'gen_ai.operation.name': operation,
      'gen_ai.request.model': asked,
      'gen_ai.request.stream': entry.streamed,
      'gen_ai.response.model': last && printable(last.model),
      'gen_ai.response.finish_reasons': entry.finishReason === undefined ? undefined : [printable(entry.finishReason)],
      'gen_ai.response.time_to_first_chunk': entry.firstTokenMs === undefined ? undefined : entry.firstTokenMs / 1_000,
      'error.type': error?.code,
      'http.response.status_code': status,
      'dragoman.request.id': entry.id,
      'dragoman.client': printable(entry.client),
      'dragoman.dialect': entry.dialect,
      'dragoman.attempts': attempts.length,
      'dragoman.answered_by': entry.answeredBy,
      'dragoman.cost_usd': entry.cost,
    }),
    // What a client did wrong is no failure of the server.
    status: status >= 500 || (error !== undefined && status < 400) ? failed : undefined,
  }
  const calls = attempts.map((attempt, at): OtlpSpan => {
    const failure = attempt.error ?? (at === attempts.length - 1 ? error : undefined)
    return {
      ...trace,
      spanId: context.randomHex(8),
      parentSpanId: spanId,
      name: `${operation} ${printable(attempt.model)}`,
      kind: kinds.client,
      ...timesOf(attempt),
      attributes: attributes({
        'gen_ai.operation.name': operation,
        'gen_ai.provider.name': context.providerNames.get(attempt.provider) ?? attempt.provider,
        'gen_ai.request.model': printable(attempt.model),
        ...usageOf(attempt.usage ?? (failure || at < attempts.length - 1 ? undefined : entry.usage)),
        'error.type': failure?.code,
        ...addressOf(attempt.origin),
        'http.response.status_code': attempt.upstreamStatus,
        'dragoman.provider': attempt.provider,
        'dragoman.attempt': at + 1,
        'dragoman.attempt.kind': kindOf(attempt, at),
        'dragoman.fallback': attempt.fallback,
        'dragoman.tool_call_rounds': attempt.rounds,
        'dragoman.cost_usd': attempt.cost,
      }),
      status: failure && failure.code !== 'aborted' ? failed : undefined,
    }
  })
  return [request, ...calls]
}

function operationOf({ endpoint }: LogEntry): string {
  if (endpoint === undefined) return 'chat'
  return endpoint === 'completions' ? 'text_completion' : endpoint
}

function kindOf({ hedge, continues }: AttemptEntry, at: number): string {
  if (hedge) return 'hedge'
  if (continues) return 'continuation'
  return at === 0 ? 'first' : 'retry'
}

function timesOf({ startedAt, durationMs }: Pick<LogEntry, 'startedAt' | 'durationMs'>) {
  return {
    startTimeUnixNano: nanoseconds(startedAt),
    endTimeUnixNano: nanoseconds(startedAt + Math.max(0, durationMs)),
  }
}

function usageOf(usage: LogEntry['usage']) {
  if (!usage) return {}
  const { prompt_tokens_details: prompt, completion_tokens_details: completion } = usage
  return {
    'gen_ai.usage.input_tokens': usage.prompt_tokens,
    'gen_ai.usage.output_tokens': usage.completion_tokens,
    'gen_ai.usage.cache_read.input_tokens': prompt?.cached_tokens,
    'gen_ai.usage.cache_creation.input_tokens': prompt?.cache_write_tokens,
    'gen_ai.usage.reasoning.output_tokens': completion?.reasoning_tokens,
    'dragoman.usage.estimated': usage.estimated,
  }
}

function addressOf(origin: string | undefined) {
  const url = origin === undefined ? null : URL.parse(origin)
  if (!url) return {}
  const usual = url.protocol === 'https:' ? 443 : 80
  return { 'server.address': url.hostname, 'server.port': url.port === '' ? usual : Number(url.port) }
}
