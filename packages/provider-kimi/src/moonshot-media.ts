import { DragomanError, isRecord } from '@dragoman/core'
import type { ChatMessage, ContentPart } from '@dragoman/openai-schema'
import { fetchMedia } from '@dragoman/upstream'
import { asText, fileIn, isText, type MediaAccess } from './inline-files.ts'
import { replacedParts } from './replaced-parts.ts'

/** Whether a request has something that the platform does not take as it is. */
export function hasForeignMedia(messages: readonly ChatMessage[]): boolean {
  return messages.some(
    ({ content }) =>
      Array.isArray(content) && content.some((part) => part.type === 'file' || remoteUrl(part) !== undefined),
  )
}

/** The platform refuses public addresses: images and videos go as data. Files of text become text. */
export function withOwnMedia(messages: ChatMessage[], access: MediaAccess): Promise<ChatMessage[]> {
  return replacedParts(messages, async (part, param): Promise<ContentPart> => {
    if (part.type === 'file') {
      const media = await fileIn(part, param, access)
      if (isText(media.type)) return asText(media)
      throw new DragomanError(
        'unsupported_value',
        `${param}: only files of text are taken here, this is ${media.type}`,
        {
          param,
        },
      )
    }
    const remote = remoteUrl(part)
    if (remote === undefined) return part
    const [kind] = part.type.split('_', 1)
    const { bytes, type } = await fetchMedia(remote, {
      ...access,
      types: [`${kind}/*`],
      param: `${param}.${part.type}`,
    })
    const url = `data:${type};base64,${Buffer.from(bytes).toString('base64')}`
    return part.type === 'image_url'
      ? { ...part, image_url: { url } }
      : ({ ...part, video_url: { url } } as ContentPart)
  })
}

function remoteUrl(part: ContentPart): string | undefined {
  if (part.type !== 'image_url' && part.type !== 'video_url') return undefined
  const given: unknown = part.type === 'image_url' ? part.image_url : part.video_url
  const url = isRecord(given) ? given.url : given
  return typeof url === 'string' && /^\s*https?:/i.test(url) ? url : undefined
}
