import type { AttemptEntry, DragomanError, LogEntry } from '@dragoman/core'
import type { RunContext } from './engine.ts'
import type { Job } from './job.ts'

/** How a request ended. */
export interface Ending extends Pick<LogEntry, 'startedAt' | 'durationMs' | 'attempts' | 'usage' | 'dropped'> {
  readonly error: DragomanError | undefined
  /** The client has a head with status 200 and no whole answer. */
  readonly isStreaming: boolean
  readonly firstTokenMs: number | undefined
  readonly finishReason: string | undefined
}

/** What is kept of a request. */
export function recordOf(
  { dialect, endpoint, model, isStreamed }: Pick<Job, 'dialect' | 'endpoint' | 'model' | 'isStreamed'>,
  { requestId, client = 'open' }: RunContext,
  { error, isStreaming, startedAt, durationMs, attempts, firstTokenMs, finishReason, usage, dropped }: Ending,
): LogEntry {
  return {
    id: requestId ?? `req_${crypto.randomUUID().replaceAll('-', '')}`,
    startedAt,
    durationMs,
    dialect,
    endpoint,
    client,
    model,
    streamed: isStreamed,
    status: !error || (isStreaming && error.scope !== 'aborted') ? 200 : error.status,
    error: error && { code: error.code, message: error.message },
    attempts,
    firstTokenMs,
    finishReason,
    usage,
    cost: sumOfCosts(attempts),
    dropped,
  }
}

/** Of those whose price is known; undefined where that is none of them. */
function sumOfCosts(attempts: readonly AttemptEntry[]): number | undefined {
  let sum: number | undefined
  for (const { cost } of attempts) if (cost !== undefined) sum = (sum ?? 0) + cost
  return sum
}
