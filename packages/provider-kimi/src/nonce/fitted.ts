import { DragomanError } from '@dragoman/core'
import { type Turn, written } from '../transcript.ts'

/** The text of a conversation within the limit: the oldest turns go first, instructions and the last turn stay. */
export function fitted(turns: readonly Turn[], limits: { maxCharacters: number; assistant: string }): string {
  const { maxCharacters, assistant } = limits
  let kept = turns
  for (;;) {
    const text = written(kept, assistant)
    if (maxCharacters === 0 || text.length <= maxCharacters) return text
    const oldest = kept.findIndex(({ speaker }, i) => speaker !== 'System' && i < kept.length - 1)
    if (oldest < 0) {
      const message = `The text has ${text.length} characters, and ${maxCharacters} are sent at most (maxCharacters)`
      throw new DragomanError('context_length_exceeded', message, { param: 'messages' })
    }
    kept = kept.filter((_, i) => i !== oldest)
  }
}
