import type { ProviderFactory } from '@dragoman/core'
import { credential, options, type QwenWebOptions } from './web/options.ts'
import { createQwenWeb } from './web/provider.ts'

export type { QwenWebOptions } from './web/options.ts'

/** Qwen by the session of an account of one's own at chat.qwen.ai, which is no documented API. */
export const qwenWeb: ProviderFactory<QwenWebOptions> = {
  id: 'qwen-web',
  isSession: true,
  options,
  credential,
  create: createQwenWeb,
}
