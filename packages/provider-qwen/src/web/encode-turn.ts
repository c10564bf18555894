import { createHash } from 'node:crypto'
import type { ChatCompletionRequest } from '@dragoman/openai-schema'
import { imageRatio } from './image-ratio.ts'
import type { Variant } from './model-variant.ts'
import { textOf } from './record.ts'

/** What the site takes, whatever a client asks for. */
const MOST_THINKING = 81_920

export interface Turn {
  readonly variant: Variant
  readonly text: string
  /** Addresses of what was uploaded. */
  readonly images: readonly string[]
  readonly thinks: boolean
  readonly thinkingBudget: number
  /** Of a picture, as width to height. */
  readonly size: string | undefined
}

/** What a request asks of the site, beside its messages. */
export function readWishes(
  request: ChatCompletionRequest & { readonly size?: unknown },
  { thinks }: Variant,
): Pick<Turn, 'thinks' | 'thinkingBudget' | 'size'> {
  const { enable_thinking, reasoning_effort, thinking_budget, size } = request
  const byEffort = textOf(reasoning_effort) === undefined ? undefined : reasoning_effort !== 'none'
  const isBudget = typeof thinking_budget === 'number' && thinking_budget > 0
  return {
    thinks: thinks || (typeof enable_thinking === 'boolean' ? enable_thinking : (byEffort ?? false)),
    thinkingBudget: isBudget ? Math.min(Math.floor(thinking_budget), MOST_THINKING) : MOST_THINKING,
    size: size === undefined || size === null ? undefined : imageRatio(size),
  }
}

/** The body of `POST /api/v2/chats/new`. */
export function encodeNewChat({ model, chatType }: Variant, now: number) {
  return { title: 'New Chat', models: [model], chat_mode: 'normal', chat_type: chatType, timestamp: now }
}

/** The body of `POST /api/v2/chat/completions`: one message, which holds the whole conversation. */
export function encodeTurn({ variant, text, images, thinks, thinkingBudget, size }: Turn, chatId: string, now: number) {
  const { model, chatType } = variant
  const timestamp = Math.floor(now / 1000)
  const isEdit = chatType === 'image_edit'
  const parts = images.map((image) => ({ type: 'image', image }))
  return {
    stream: true,
    version: '2.1',
    incremental_output: true,
    chat_id: chatId,
    chat_mode: 'normal',
    model,
    parent_id: null,
    messages: [
      {
        fid: messageId(chatId),
        parentId: null,
        childrenIds: [],
        role: 'user',
        content: isEdit || parts.length === 0 ? text : [{ type: 'text', text }, ...parts],
        user_action: 'chat',
        files: isEdit ? images.map((url) => ({ type: 'image', url })) : [],
        timestamp,
        models: [model],
        chat_type: chatType,
        sub_chat_type: chatType,
        // Without `phase` thinking could not be told from the answer.
        feature_config: {
          thinking_enabled: thinks,
          output_schema: 'phase',
          ...(thinks && { thinking_budget: thinkingBudget }),
        },
        extra: { meta: { subChatType: chatType } },
      },
    ],
    timestamp,
    ...(size !== undefined && { size }),
  }
}

/** A UUID. A chat gets one message, so the chat's own id is enough to make it of. */
function messageId(chatId: string): string {
  const hex = createHash('sha256').update(chatId).digest('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    '-',
  )
}
