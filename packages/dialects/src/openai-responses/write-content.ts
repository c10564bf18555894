import type { ContentPart, ImageUrl, MessageContent } from '@dragoman/openai-schema'
import type { Findings } from '../findings.ts'
import { unsupported } from '../unsupported.ts'

type Fields = Record<string, unknown>

/** Content that goes into the model: of users, of the application, of tools. */
export function writeInput(content: MessageContent, path: string, findings: Findings): string | Fields[] {
  if (typeof content === 'string') return content
  return content.map((part, i) => marked(part, inputPart(part, `${path}[${i}]`), `${path}[${i}]`, findings))
}

/** What the model has said: texts and refusals. */
export function writeOutput(content: MessageContent, path: string, findings: Findings): Fields[] {
  if (typeof content === 'string') return content === '' ? [] : [outputText(content)]
  return content.map((part, i) => {
    if (part.type === 'text') return marked(part, outputText(part.text), `${path}[${i}]`, findings)
    if (part.type === 'refusal') return { type: 'refusal', refusal: part.refusal }
    throw unsupported(part.type, `${path}[${i}]`)
  })
}

const outputText = (text: string): Fields => ({ type: 'output_text', text, annotations: [] })

function inputPart(part: ContentPart, path: string): Fields {
  switch (part.type) {
    case 'text':
      return { type: 'input_text', text: part.text }
    case 'image_url': {
      const { url, detail } =
        typeof part.image_url === 'string' ? { url: part.image_url, detail: undefined } : (part.image_url as ImageUrl)
      return { type: 'input_image', image_url: url, ...(detail && { detail }) }
    }
    case 'input_audio':
      return { type: 'input_audio', input_audio: part.input_audio }
    case 'file': {
      const { file_data, file_id, filename } = part.file
      const name = filename ? { filename } : {}
      if (file_id) return { type: 'input_file', file_id, ...name }
      return /^https?:/i.test(file_data ?? '')
        ? { type: 'input_file', file_url: file_data, ...name }
        : { type: 'input_file', file_data, ...name }
    }
    default:
      throw unsupported(part.type, path)
  }
}

function marked(part: ContentPart, written: Fields, path: string, findings: Findings): Fields {
  if (part.cache_control) findings.drop(`${path}.cache_control`)
  return part.prompt_cache_breakpoint ? { ...written, prompt_cache_breakpoint: part.prompt_cache_breakpoint } : written
}
