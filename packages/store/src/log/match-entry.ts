import type { LogEntry, LogFilter } from '@dragoman/core'

/** Whether every condition holds: the definition that all shorter ways have to agree with. */
export function matchesEntry(entry: LogEntry, filter: LogFilter): boolean {
  const { from, to, model, provider, client, status, outcome, error, streamed } = filter
  const { minCost, maxCost, minDurationMs, maxDurationMs } = filter
  const isError = entry.error !== undefined || entry.status >= 400
  // As they are kept: whole milliseconds.
  const durationMs = Math.round(Math.max(0, entry.durationMs))
  return (
    (from === undefined || entry.startedAt >= from) &&
    (to === undefined || entry.startedAt < to) &&
    (model === undefined || entry.model === model) &&
    (provider === undefined || (entry.attempts.at(-1)?.provider ?? '') === provider) &&
    (client === undefined || entry.client === client) &&
    (status === undefined || entry.status === status) &&
    (outcome === undefined || (outcome === 'error') === isError) &&
    (error === undefined || entry.error?.code === error) &&
    (streamed === undefined || entry.streamed === streamed) &&
    (minCost === undefined || (entry.cost !== undefined && entry.cost >= minCost)) &&
    (maxCost === undefined || (entry.cost !== undefined && entry.cost <= maxCost)) &&
    (minDurationMs === undefined || durationMs >= minDurationMs) &&
    (maxDurationMs === undefined || durationMs <= maxDurationMs)
  )
}
