import { DragomanError } from '@dragoman/core'

/** The refusal of an object of a type that the dialect cannot say; `path` is the object's. */
export function unsupported(type: string, path: string): DragomanError {
  const message = `${path}.type: ${JSON.stringify(type)} is not supported by this model`
  return new DragomanError('unsupported_value', message, { param: `${path}.type` })
}
