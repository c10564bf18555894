import type { Call } from '@dragoman/core'
import { readJson } from '@dragoman/upstream'
import type { Site } from './site.ts'

/** Pictures of a chat that its stream did not name. */
export async function storedImages(chatId: string, call: Call, left: AbortSignal, site: Site): Promise<string[]> {
  const chat = await readJson(await site.get(`/api/v2/chats/${encodeURIComponent(chatId)}`, { call, left }))
  return [...new Set(imagesIn(chat))]
}

function* imagesIn(value: unknown, key = '', depth = 0): Iterable<string> {
  if (depth > 20) return
  if (typeof value === 'string') {
    for (const [, url] of value.matchAll(/!\[[^\]]*\]\((https?:\/\/[^\s)]+)\)/g)) if (url) yield url
    const isAnswer = key === 'image' || key === 'content'
    if (isAnswer && /^https?:\/\/\S+$/.test(value)) yield value
  } else if (typeof value === 'object' && value !== null) {
    for (const [name, inner] of Object.entries(value)) {
      yield* imagesIn(inner, Array.isArray(value) ? key : name, depth + 1)
    }
  }
}

/** The last picture that stands in a conversation as Markdown, to be edited. */
export function lastImageIn(text: string): string | undefined {
  return [...text.matchAll(/!\[[^\]]*\]\((https?:\/\/[^\s)]+)\)/g)].at(-1)?.[1]
}
