import type { IncomingMessage, ServerResponse } from 'node:http'
import type { LogEntry } from '@dragoman/core'
import type { Logger } from 'pino'
import type { Exchange } from './exchange.ts'

/** One line per request that the gateway did not record itself. Never a query, a header or a body. */
export function logAccess(
  log: Logger,
  now: () => number,
): (exchange: Exchange, request: IncomingMessage, response: ServerResponse) => void {
  return (exchange, { method }, response) => {
    if (exchange.isRecorded) return
    const { id, path, startedAt, client, error } = exchange
    const status = response.headersSent ? response.statusCode : 499
    log.info(
      { id, client, method, path, status, ms: now() - startedAt, error: error?.code },
      printable(`${method} ${path} ${status}`),
    )
  }
}

/** One line per request that went through the gateway. */
export function logRecord(log: Logger): (entry: LogEntry) => void {
  return (entry) => {
    const { id, client, model, status, error, finishReason, firstTokenMs, usage } = entry
    const served = entry.attempts.at(-1)
    const facts = {
      id,
      client,
      model: printable(model),
      served: served && printable(`${served.provider}/${served.model}`),
      status,
      ms: entry.durationMs,
      firstTokenMs,
      attempts: entry.attempts.length,
      finishReason,
      tokens: usage && { prompt: usage.prompt_tokens, completion: usage.completion_tokens },
      error,
    }
    const outcome = error ? `${error.code}: ${error.message}` : finishReason
    const line = printable(`chat ${facts.model} -> ${facts.served ?? '-'} ${outcome}`)
    log[error && error.code !== 'aborted' ? 'warn' : 'info'](facts, line)
  }
}

const longestName = 300

/** Names come from clients: a line break or a change of direction in one would make a log say what it did not. */
function printable(text: string): string {
  const shown = text.slice(0, longestName)
  return /^[ -~]*$/.test(shown) ? shown : shown.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\ufffd')
}
