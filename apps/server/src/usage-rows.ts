import type { AttemptEntry, LogEntry, UsageRow } from '@dragoman/core'

/** What the calls of a request used: one row for each that used something. */
export function usageRows(entry: LogEntry): readonly UsageRow[] {
  const { id, startedAt, client, attempts } = entry
  const rows: UsageRow[] = []
  for (const attempt of attempts) {
    const isLast = attempt === attempts.at(-1)
    // Where calls went on with one another the request's is the sum of theirs.
    const usage = attempt.usage ?? (isLast && !attempt.error && !attempt.continues ? entry.usage : undefined)
    if (!usage && attempt.cost === undefined) continue
    const { provider, model, credential, cost } = attempt
    const prompt = usage?.prompt_tokens_details
    rows.push({
      requestId: id,
      at: startedAt,
      client,
      provider,
      model,
      credential,
      promptTokens: usage?.prompt_tokens ?? 0,
      cacheReadTokens: prompt?.cached_tokens ?? 0,
      cacheWriteTokens: prompt?.cache_write_tokens ?? 0,
      completionTokens: usage?.completion_tokens ?? 0,
      reasoningTokens: usage?.completion_tokens_details?.reasoning_tokens ?? 0,
      cost,
      estimated: usage?.estimated === true,
      outcome: outcomeOf(attempt, isLast ? entry.error : undefined),
    })
  }
  return rows
}

function outcomeOf(attempt: AttemptEntry, ended: LogEntry['error']): UsageRow['outcome'] {
  const error = attempt.error ?? ended
  if (!error) return 'ok'
  return error.code === 'aborted' ? 'left' : 'broken'
}
