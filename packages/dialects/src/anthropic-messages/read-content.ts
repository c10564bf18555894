import type { ContentPart, MessageContent, TextPart } from '@dragoman/openai-schema'
import type { Findings } from '../findings.ts'
import type { DocumentBlock, ImageBlock, ResultBlock, SearchResultBlock, TextBlock } from './request-schema.ts'

/** A text with its cache mark. */
export function textPart({ text, cache_control }: Pick<TextBlock, 'text' | 'cache_control'>): TextPart {
  return cache_control ? { type: 'text', text, cache_control } : { type: 'text', text }
}

/** A text alone as a string, which every service takes; several, and those with marks, as parts. */
export function contentOf(parts: readonly ContentPart[]): MessageContent {
  const [only, ...more] = parts
  if (only === undefined) return ''
  return more.length === 0 && only.type === 'text' && !only.cache_control ? only.text : [...parts]
}

/** What a user's message and a tool's result may both hold, as parts of a message; undefined for what is no content. */
export function readContent(
  block: ResultBlock | TextBlock | ImageBlock | DocumentBlock | SearchResultBlock,
  path: string,
  findings: Findings,
): ContentPart[] {
  switch (block.type) {
    case 'text':
      // Empty ones are a 400 in many places.
      return block.text === '' ? [] : [textPart(block)]
    case 'image':
      return readImage(block, path, findings)
    case 'document':
      return readDocument(block, path, findings)
    case 'search_result':
      return [textPart({ text: searchResultText(block), cache_control: block.cache_control })]
    case 'tool_reference':
      return [textPart({ text: `Tool available: ${block.tool_name}` })]
    default:
      findings.needsRelay(`${path}.type`, `${JSON.stringify(typeOf(block))} is not supported by this model`)
      return []
  }
}

/** Blocks of a type that the schema does not name are typed as if they had none. */
export function typeOf(block: object): string {
  return String(Reflect.get(block, 'type'))
}

function readImage({ source, cache_control }: ImageBlock, path: string, findings: Findings): ContentPart[] {
  const marks = cache_control ? { cache_control } : {}
  switch (source.type) {
    case 'base64':
      return [{ type: 'image_url', image_url: { url: dataUrl(source) }, ...marks }]
    case 'url':
      return [{ type: 'image_url', image_url: { url: source.url }, ...marks }]
    case 'file':
      return [{ type: 'file', file: { file_id: source.file_id }, ...marks }]
    default:
      findings.needsRelay(
        `${path}.source.type`,
        `${JSON.stringify(typeOf(source))} is no source that this model can read`,
      )
      return []
  }
}

function readDocument(block: DocumentBlock, path: string, findings: Findings): ContentPart[] {
  const { source, title, context, cache_control } = block
  const marks = cache_control ? { cache_control } : {}
  const file = (fields: { file_data?: string; file_id?: string }): ContentPart[] => [
    ...(context ? [textPart({ text: `About ${title ? `"${title}"` : 'the document'}: ${context}` })] : []),
    { type: 'file', file: { ...fields, ...(title && { filename: title }) }, ...marks },
  ]
  switch (source.type) {
    case 'base64':
      return file({ file_data: dataUrl(source) })
    case 'url':
      return file({ file_data: source.url })
    case 'file':
      return file({ file_id: source.file_id })
    case 'text':
      return [textPart({ text: documentText(source.data, block), cache_control })]
    case 'content': {
      if (typeof source.content === 'string') {
        return [textPart({ text: documentText(source.content, block), cache_control })]
      }
      const parts = source.content.flatMap((inner, i) =>
        readContent(inner as TextBlock | ImageBlock, `${path}.source.content[${i}]`, findings),
      )
      const head = documentHead(block)
      return head === '' ? parts : [textPart({ text: head }), ...parts]
    }
    default:
      findings.needsRelay(
        `${path}.source.type`,
        `${JSON.stringify(typeOf(source))} is no source that this model can read`,
      )
      return []
  }
}

function dataUrl({ media_type, data }: { media_type: string; data: string }): string {
  return `data:${media_type};base64,${data}`
}

function documentHead({ title, context }: Pick<DocumentBlock, 'title' | 'context'>): string {
  return [title && `Title: ${title}`, context && `Context: ${context}`].filter(Boolean).join('\n')
}

function documentText(text: string, block: Pick<DocumentBlock, 'title' | 'context'>): string {
  const head = documentHead(block)
  return `<document>\n${head === '' ? '' : `${head}\n\n`}${text}\n</document>`
}

function searchResultText({ title, source, content }: SearchResultBlock): string {
  const text = content.map((block) => block.text).join('\n')
  return `<search_result>\nTitle: ${title}\nSource: ${source}\n\n${text}\n</search_result>`
}
