import { DragomanError, isDragomanError } from '@dragoman/core'

/** `what`: `The state store failed`. SQLite's reason becomes an `internal` error of ours; ours pass. */
export function attempt<T>(what: string, work: () => T): T {
  try {
    return work()
  } catch (cause) {
    if (isDragomanError(cause)) throw cause
    const reason = cause instanceof Error ? cause.message : 'unknown error'
    throw new DragomanError('internal', `${what}: ${reason}`, { cause })
  }
}
