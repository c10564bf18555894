import type { ChatCompletionRequest, ContentPart } from '@dragoman/openai-schema'

/** A message as the site takes it. */
export interface SiteMessage {
  readonly role: 'system' | 'user' | 'assistant'
  readonly content: string | readonly SitePart[]
}

export type SitePart =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'image_url'; readonly image_url: { readonly url: string } }

/** Where a part of the client stands, and what it became. */
export type EncodePart = (part: ContentPart, param: string) => SitePart | undefined

/** The whole conversation, whose calls and results are text already. */
export function encodeMessages(messages: ChatCompletionRequest['messages'], encodePart: EncodePart): SiteMessage[] {
  return messages.map(({ role, content }, i) => {
    const siteRole = role === 'developer' || role === 'system' ? 'system' : role === 'assistant' ? role : 'user'
    if (!Array.isArray(content)) return { role: siteRole, content: content ?? '' }
    const parts = content.flatMap((part, j) => encodePart(part, `messages[${i}].content[${j}]`) ?? [])
    return { role: siteRole, content: parts }
  })
}

/** What is signed: the text of the last message of the user. */
export function promptOf(messages: readonly SiteMessage[]): string {
  const content = messages.findLast(({ role }) => role === 'user')?.content ?? ''
  if (typeof content === 'string') return content.trim()
  return content
    .flatMap((part) => (part.type === 'text' ? [part.text] : []))
    .join(' ')
    .trim()
}
