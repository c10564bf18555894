import type { IncomingMessage, ServerResponse } from 'node:http'
import type { LogEntry } from '@dragoman/core'
import pino, { type Logger } from 'pino'
import { timeText } from '../log.ts'
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

/**
 * One line per request that went through the gateway. Written past pino, in its form: it would build the line from
 * pieces, which were a fifth of all memory that a short request took.
 */
export function logRecord(log: Logger): (entry: LogEntry) => void {
  const { [pino.symbols.streamSym]: lines } = log as unknown as { [pino.symbols.streamSym]: pino.DestinationStream }
  return (entry) => {
    const { id, client, model, status, error, finishReason, firstTokenMs, usage, durationMs: ms, attempts } = entry
    const level = error && error.code !== 'aborted' ? 'warn' : 'info'
    if (!log.isLevelEnabled(level)) return
    const last = attempts.at(-1)
    const asked = printable(model)
    const served = last && printable(`${last.provider}/${last.model}`)
    const outcome = error ? `${error.code}: ${error.message}` : finishReason
    const line = {
      level: log.levels.values[level],
      time: timeText(),
      id,
      client,
      model: asked,
      served,
      status,
      ms,
      firstTokenMs,
      attempts: attempts.length,
      // Why the answer was not handed on as it came.
      parsed: last?.parsedBecause,
      finishReason,
      tokens: usage && { prompt: usage.prompt_tokens, completion: usage.completion_tokens },
      error,
      msg: printable(`chat ${asked} -> ${served ?? '-'} ${outcome}`),
    }
    lines.write(`${JSON.stringify(line)}\n`)
  }
}

const longestName = 300

/** Names come from clients: a line break or a change of direction in one would make a log say what it did not. */
function printable(text: string): string {
  const shown = text.slice(0, longestName)
  return /^[ -~]*$/.test(shown) ? shown : shown.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\ufffd')
}
