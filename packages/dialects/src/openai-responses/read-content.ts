import { DragomanError } from '@dragoman/core'
import type { ContentPart as ChatPart, MessageContent } from '@dragoman/openai-schema'
import { quote } from '@dragoman/openai-schema/fields'
import type { Findings } from '../findings.ts'
import type { ContentPart } from './request-schema.ts'

type ReadPart = Exclude<ChatPart, { type: 'document' }>

/** Reads the content of items into the canonical form. `path` is where it stands in the body. */
export class ContentReader {
  #findings: Findings

  constructor(findings: Findings) {
    this.#findings = findings
  }

  /** Content of a message. */
  message(content: string | readonly ContentPart[], path: string): MessageContent {
    if (typeof content === 'string') return content
    const parts = this.#parts(content, path)
    const [only] = parts
    // Many services know strings only; a part with a mark on it has to stay one.
    return parts.length === 1 && only?.type === 'text' && Object.keys(only).length === 2 ? only.text : parts
  }

  /** What the assistant said and what it refused, each joined: Chat Completions has one text of each per turn. */
  answer(content: string | readonly ContentPart[], path: string): { readonly text: string; readonly refusal: string } {
    if (typeof content === 'string') return { text: content, refusal: '' }
    let text = ''
    let refusal = ''
    for (const [i, part] of content.entries()) {
      const read = this.#part(part, `${path}[${i}]`)
      if (read?.type === 'text') text += read.text
      else if (read?.type === 'refusal') refusal += read.refusal
      else if (read) this.#unsupported(part.type, `${path}[${i}]`, 'in an assistant message')
    }
    return { text, refusal }
  }

  /** A tool's output: its text, and the parts that a tool message cannot carry. */
  output(
    output: string | readonly ContentPart[],
    path: string,
  ): { readonly text: string; readonly media: readonly ChatPart[] } {
    if (typeof output === 'string') return { text: output, media: [] }
    const texts: string[] = []
    const media: ChatPart[] = []
    for (const part of this.#parts(output, path)) {
      if (part.type === 'text') texts.push(part.text)
      else media.push(part)
    }
    return { text: texts.join('\n'), media }
  }

  #parts(parts: readonly ContentPart[], path: string): ReadPart[] {
    const read: ReadPart[] = []
    for (const [i, part] of parts.entries()) {
      const chat = this.#part(part, `${path}[${i}]`)
      if (chat) read.push(chat)
    }
    return read
  }

  #part(part: ContentPart, path: string): ReadPart | undefined {
    const { prompt_cache_breakpoint: mark } = part as { prompt_cache_breakpoint?: unknown }
    const read = this.#unmarked(part, path)
    return read === undefined || mark === undefined || mark === null ? read : { ...read, prompt_cache_breakpoint: mark }
  }

  #unmarked(part: ContentPart, path: string): ReadPart | undefined {
    switch (part.type) {
      case 'input_text':
      case 'output_text':
      case 'text':
        return { type: 'text', text: part.text }
      case 'refusal':
        return { type: 'refusal', refusal: part.refusal }
      case 'input_audio': {
        const { data, format } = part.input_audio
        return { type: 'input_audio', input_audio: { data, format } }
      }
      case 'input_image': {
        const { image_url: url, detail, file_id } = part
        if (typeof url === 'string') return { type: 'image_url', image_url: detail ? { url, detail } : { url } }
        // Chat Completions knows uploads as files only; whoever resolves the id sees what it is.
        if (typeof file_id === 'string') return { type: 'file', file: { file_id } }
        throw missing(`${path}.image_url`, 'a URL, or a file_id')
      }
      case 'input_file': {
        const { file_data, file_url, file_id, filename } = part
        const name = typeof filename === 'string' ? { filename } : {}
        const data = file_data ?? file_url
        if (typeof data === 'string') return { type: 'file', file: { file_data: data, ...name } }
        if (typeof file_id === 'string') return { type: 'file', file: { file_id, ...name } }
        throw missing(`${path}.file_data`, 'a data URL, a file_url or a file_id')
      }
      default:
        this.#unsupported((part as { type: string }).type, path, 'by this model')
        return undefined
    }
  }

  #unsupported(type: string, path: string, where: string): void {
    this.#findings.needsRelay(`${path}.type`, `${quote(type)} is not supported ${where}`)
  }
}

function missing(param: string, what: string): DragomanError {
  const message = `${param}: required; expected ${what}`
  return new DragomanError('invalid_request', message, { param, publicCode: 'missing_required_parameter' })
}
