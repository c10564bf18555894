import { JsonValue } from './json-value.ts'

/**
 * What has to stand behind the beginning of a JSON text so that all of it is JSON, as little of it as will do: the string
 * is ended, a word or a number completed, a key without a value gets `null`, then the containers are closed.
 *
 * Returns '' where the text is complete, and where it is no beginning of JSON or ends in an escape or behind a comma,
 * which arguments never do.
 */
export function shortestClosing(prefix: string): string {
  const value = new JsonValue({ maxDepth: Number.POSITIVE_INFINITY, repaired: () => {} })
  const end = value.push(prefix, 0)
  return end === prefix.length && value.take() === prefix ? value.shortestClosing() : ''
}
