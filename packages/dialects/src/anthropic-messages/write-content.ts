import { DragomanError } from '@dragoman/core'
import type { ContentPart, FilePart, MessageContent } from '@dragoman/openai-schema'
import { unsupported } from '../unsupported.ts'

/** A content block as it is sent. */
export type Block = Record<string, unknown> & { type: string }

/**
 * The content of a message as blocks, without empty texts, which are refused.
 *
 * Throws `unsupported_value` for a part that the dialect has no block for, and for a file that is known by an id only.
 */
export function writeContent(content: MessageContent | null | undefined, path: string): Block[] {
  if (!content) return []
  if (typeof content === 'string') return [{ type: 'text', text: content }]
  return content.flatMap((part, i) => {
    const block = writePart(part, `${path}.content[${i}]`)
    if (!block) return []
    return part.cache_control ? { ...block, cache_control: part.cache_control } : block
  })
}

function writePart(part: ContentPart, path: string): Block | undefined {
  switch (part.type) {
    case 'text':
      return part.text === '' ? undefined : { type: 'text', text: part.text }
    case 'refusal':
      return part.refusal === '' ? undefined : { type: 'text', text: part.refusal }
    case 'image_url':
      return {
        type: 'image',
        source: mediaSource(typeof part.image_url === 'string' ? part.image_url : part.image_url.url),
      }
    case 'file':
      return writeFile(part, path)
    // Clients that know Anthropic's form send it through Chat too.
    case 'image':
    case 'document':
      if (part.source) return { ...part }
      throw unsupported(part.type, path)
    default:
      throw unsupported(part.type, path)
  }
}

function writeFile({ file }: FilePart, path: string): Block {
  if (!file.file_data) {
    const message = `${path}.file.file_id: files are known here by their content only`
    throw new DragomanError('unsupported_value', message, { param: `${path}.file.file_id` })
  }
  const source = mediaSource(file.file_data)
  const mediaType = String(source.media_type ?? '')
  if (mediaType.startsWith('image/')) return { type: 'image', source }
  const title = file.filename ? { title: file.filename } : {}
  if (mediaType.startsWith('text/')) {
    return {
      type: 'document',
      source: { type: 'text', media_type: 'text/plain', data: plainText(source.data) },
      ...title,
    }
  }
  return { type: 'document', source, ...title }
}

/** A `data:` URL becomes its content, any other URL stays one. */
function mediaSource(
  url: string,
):
  | { type: string; media_type?: string; data: string }
  | { type: 'url'; url: string; media_type?: never; data?: never } {
  const found = /^data:([^;,]+)[^,]*;base64,/i.exec(url.slice(0, 300))
  if (!found) return { type: 'url', url }
  return { type: 'base64', media_type: (found[1] ?? '').toLowerCase(), data: url.slice(found[0].length) }
}

function plainText(base64: string | undefined): string {
  return new TextDecoder().decode(Uint8Array.from(atob(base64 ?? ''), (unit) => unit.charCodeAt(0)))
}
