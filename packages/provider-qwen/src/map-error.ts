import { DragomanError } from '@dragoman/core'
import type { CompatibleService } from '@dragoman/provider-openai-compatible'

/**
 * What errors of Model Studio mean there: the word `insufficient_quota` of a 429 is its limit of tokens per minute, which
 * a moment's wait mends, unless the message speaks of the free quota; and a key it does not know is often one of another
 * region.
 */
export function mapErrorIn(region: string): NonNullable<CompatibleService['mapError']> {
  return ({ status }, standard) => {
    const { code, message, retryAfterMs, origin } = standard
    if (code === 'credential_exhausted' && status === 429 && !/free/i.test(message)) {
      return new DragomanError('rate_limited', message, { retryAfterMs, origin })
    }
    if (code === 'credential_rejected') {
      return new DragomanError(code, `${message} (a key works in its own region only; this is ${region})`, { origin })
    }
    return standard
  }
}
