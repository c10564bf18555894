import { isDragomanError } from '@dragoman/core'

/**
 * Runs `action`; when it fails in a way that `shouldRenew` recognizes, runs `renew` and then `action` once more.
 *
 * For a provider's own protocol state (a nonce, a build number, the id of a conversation) that the upstream has
 * forgotten: once per call, before its first chunk, and never for what a wait or another credential would mend. What
 * the second `action` throws is thrown.
 */
export async function renewOnce<T>(
  action: () => Promise<T>,
  renew: (error: unknown) => Promise<unknown> | unknown,
  shouldRenew: (error: unknown) => boolean,
): Promise<T> {
  try {
    return await action()
  } catch (error) {
    // A caller who left is not to be kept waiting, whatever the provider thinks of it.
    if ((isDragomanError(error) && error.scope === 'aborted') || !shouldRenew(error)) throw error
    await renew(error)
    return action()
  }
}
