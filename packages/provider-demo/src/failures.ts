import { DragomanError } from '@dragoman/core'

/** What `demo:error …` in the user's text brings about. */
export type Failure =
  /** Instead of an answer. */
  | { kind: 'refused'; error: DragomanError }
  /** After some of the answer. */
  | { kind: 'cut'; error: DragomanError }
  /** An answer that says nothing. */
  | { kind: 'empty' }

const upstream = { origin: 'upstream' } as const

export function failureIn(text: string): Failure | undefined {
  switch (/demo:error (\w+)/.exec(text)?.[1]) {
    case '429':
      return {
        kind: 'refused',
        error: new DragomanError('rate_limited', 'The demo model was asked for a rate limit', {
          ...upstream,
          retryAfterMs: 2000,
        }),
      }
    case '500':
      return {
        kind: 'refused',
        error: new DragomanError('upstream_unavailable', 'The demo model was asked to be out of order', upstream),
      }
    case 'context':
      return {
        kind: 'refused',
        error: new DragomanError('context_length_exceeded', 'The demo model was asked to find this too long', {
          ...upstream,
          param: 'messages',
        }),
      }
    case 'cut':
      return {
        kind: 'cut',
        error: new DragomanError('upstream_protocol', 'The demo model was asked to break off', upstream),
      }
    case 'empty':
      return { kind: 'empty' }
    default:
      return undefined
  }
}
