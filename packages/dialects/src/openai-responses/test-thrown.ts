import { type DragomanError, isDragomanError } from '@dragoman/core'

/** The error that an action throws. */
export function thrown(action: () => unknown): DragomanError {
  try {
    action()
  } catch (error) {
    if (isDragomanError(error)) return error
    throw error
  }
  throw new Error('Nothing was thrown')
}
