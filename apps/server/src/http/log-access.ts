import type { IncomingMessage, ServerResponse } from 'node:http'
import type { LogEntry } from '@dragoman/core'
import pino, { type Logger } from 'pino'
import { timeText } from '../log.ts'
import type { Exchange } from './exchange.ts'
import { printable } from './printable.ts'
import { trailOf } from './trail.ts'

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
 * One line per request that went through the gateway. Written past pino, in its form: from an object, by way of pieces,
 * it cost a twentieth of a short request.
 */
export function logRecord(log: Logger): (entry: LogEntry) => void {
  const { [pino.symbols.streamSym]: lines } = log as unknown as { [pino.symbols.streamSym]: pino.DestinationStream }
  return (entry) => {
    const { id, client, model, status, error, finishReason, firstTokenMs, usage, cost, durationMs, attempts } = entry
    const level = error && error.code !== 'aborted' ? 'warn' : 'info'
    if (!log.isLevelEnabled(level)) return
    const last = attempts.at(-1)
    const asked = printable(model)
    const served = last && printable(`${last.provider}/${last.model}`)
    const outcome = error ? `${error.code}: ${error.message}` : (finishReason ?? '-')
    let line = `{"level":${log.levels.values[level]},"time":"${timeText()}","id":${json(id)},"client":${json(client)}`
    line += `,"model":${json(asked)}`
    if (served !== undefined) line += `,"served":${json(served)}`
    line += `,"status":${status},"ms":${durationMs}`
    if (firstTokenMs !== undefined) line += `,"firstTokenMs":${firstTokenMs}`
    line += `,"attempts":${attempts.length}`
    if (attempts.length > 1) line += `,"trail":${json(trailOf(attempts))}`
    if (entry.answeredBy !== undefined) line += `,"answeredBy":"${entry.answeredBy}"`
    // Why the answer was not handed on as it came.
    if (last?.parsedBecause !== undefined) line += `,"parsed":${json(last.parsedBecause)}`
    if (last?.markup) line += `,"markup":${JSON.stringify(last.markup)}`
    if (last?.rounds !== undefined) line += `,"rounds":${last.rounds}`
    if (last?.toolEnforcement !== undefined) line += `,"toolEnforcement":"${last.toolEnforcement}"`
    if (finishReason !== undefined) line += `,"finishReason":${json(finishReason)}`
    if (usage) {
      const estimated = usage.estimated ? ',"estimated":true' : ''
      line += `,"tokens":{"prompt":${usage.prompt_tokens},"completion":${usage.completion_tokens}${estimated}}`
    }
    if (cost !== undefined) line += `,"cost":${Number(cost.toPrecision(6))}`
    if (error) line += `,"error":${JSON.stringify(error)}`
    lines.write(
      `${line},"msg":${json(printable(`chat ${asked} -> ${served ?? entry.answeredBy ?? '-'} ${outcome}`))}}\n`,
    )
  }
}

/** A text as JSON, which most are as they stand. */
function json(text: string): string {
  return plain.test(text) ? `"${text}"` : JSON.stringify(text)
}

const plain = /^[ !#-[\]-~]*$/
