import { spaced } from '../words.ts'

const proseNames =
  /^(?:q|query|queries|question|text|prompt|message|input|content|contents|body|search|description|comment|note|notes|summary|instruction|instructions|task|code|sql|thought|thoughts|answer|reason|reasoning|explanation|reply|response)$/

/** Whether a property of this name takes what somebody says, rather than the name of something; so does a value without a name. */
export function isProse(name: string): boolean {
  const last = asWords(name).split(' ').at(-1) ?? ''
  return name === '' || proseNames.test(last)
}

export function isCalculation(name: string): boolean {
  return /expression|formula|equation|calculation/i.test(name)
}

/** `homeAddress` and `home_address` as `home address`. */
export function asWords(name: string): string {
  return spaced(name)
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim()
}
