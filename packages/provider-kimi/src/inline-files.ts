import { DragomanError } from '@dragoman/core'
import type { ChatMessage, ContentPart, FilePart } from '@dragoman/openai-schema'
import { type FetchMediaOptions, fetchMedia, type Media } from '@dragoman/upstream'
import { replacedParts } from './replaced-parts.ts'

export type MediaAccess = Pick<FetchMediaOptions, 'signal' | 'allow'>

/** The messages with their files as text, each under its name. The same array where there is none. */
export function withInlinedFiles(messages: ChatMessage[], access: MediaAccess): Promise<ChatMessage[]> {
  return replacedParts(messages, async (part, param) => {
    if (part.type !== 'file') return part
    const media = await fileIn(part, param, access)
    if (isText(media.type)) return asText(media)
    const message = `${param}: only files of text are taken here, this is ${media.type}`
    throw new DragomanError('unsupported_value', message, { param })
  })
}

/** A file that came with a request, under the name that its client gave it. */
export async function fileIn({ file }: FilePart, param: string, access: MediaAccess): Promise<Media> {
  if (!file.file_data) {
    throw new DragomanError('unsupported_value', `${param}: a file has to come as file_data`, { param })
  }
  const media = await fetchMedia(file.file_data, { ...access, param: `${param}.file.file_data` })
  return { ...media, name: file.filename || media.name }
}

export function asText({ bytes, name }: Media): ContentPart {
  return { type: 'text', text: `File ${name}:\n${new TextDecoder().decode(bytes)}\nEnd of the file.` }
}

export function isText(type: string): boolean {
  return /^text\/|[/+](json|xml|yaml|x-yaml|javascript|x-ndjson|toml|sql|x-sh)$/.test(type)
}
