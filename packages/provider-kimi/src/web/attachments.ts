import type { Call } from '@dragoman/core'
import type { ChatMessage } from '@dragoman/openai-schema'
import { fetchMedia, type Media } from '@dragoman/upstream'
import { asText, fileIn, isText } from '../inline-files.ts'
import { replacedParts } from '../replaced-parts.ts'

export interface Attached {
  /** With text where the files were. */
  readonly messages: ChatMessage[]
  /** Of the files, at the site. */
  readonly ids: readonly string[]
}

/** The site keeps one list of files beside the text: where one stood its name is written. Files of text become text. */
export async function attached(
  messages: ChatMessage[],
  { signal }: Pick<Call, 'signal'>,
  allow: readonly string[] | undefined,
  upload: (media: Media, action: 'image' | 'file') => Promise<string>,
): Promise<Attached> {
  const ids: string[] = []
  const replaced = await replacedParts(messages, async (part, param) => {
    if (part.type === 'image_url') {
      const url = typeof part.image_url === 'string' ? part.image_url : part.image_url.url
      const media = await fetchMedia(url, { signal, allow, types: ['image/*'], param: `${param}.image_url` })
      ids.push(await upload(media, 'image'))
      return { type: 'text', text: `[image ${media.name}]` }
    }
    if (part.type !== 'file') return part
    const media = await fileIn(part, param, { signal, allow })
    if (isText(media.type)) return asText(media)
    ids.push(await upload(media, 'file'))
    return { type: 'text', text: `[file ${media.name}]` }
  })
  return { messages: replaced, ids: [...new Set(ids)] }
}
