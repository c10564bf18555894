import { DragomanError } from '@dragoman/core'
import { validate } from '@dragoman/openai-schema'
import { openVariants, unread, type Variants } from '@dragoman/openai-schema/fields'
import type { z } from 'zod'

/**
 * Objects told apart by `type`. One of a type that is not named passes, as `unnamed`: the reader knows what it would have
 * needed.
 */
export const variants = <const O extends Variants>(what: string, options: O) =>
  openVariants(what, options, unread<{ type: 'unnamed' }>())

/**
 * The body itself, once its types are checked. Throws `invalid_request` with the path of the first mistake; `wording` has
 * messages that the dialect words in its own way.
 */
export function checkedBody<T>(
  schema: z.ZodType<T, T>,
  body: unknown,
  wording: Readonly<Record<string, string>> = {},
): T {
  const checked = validate(schema, body)
  if (checked.ok) return checked.value
  const { param, message, code } = checked.issue
  throw new DragomanError('invalid_request', wording[message] ?? message, {
    param: param || undefined,
    publicCode: code,
  })
}
