import { DragomanError, isRecord } from '@dragoman/core'
import type { Delta, UrlCitation } from '@dragoman/openai-schema'
import { callIdOf } from './tool-use-id.ts'
import { claudeFormat } from './write-reasoning.ts'

/** How tools are called in the request, and which of them take a text in place of JSON. */
export interface NamesOfTools {
  read(name: string): string
  isCustom(name: string): boolean
}

type OpenBlock =
  | { readonly kind: 'text' }
  | { readonly kind: 'thinking'; readonly pieces: string[]; signature: string; readonly index: number }
  | {
      readonly kind: 'tool'
      /** Which call of the answer. */
      readonly call: number
      readonly isCustom: boolean
      readonly pieces: string[]
      /** Some services give the whole input at once. */
      readonly input: unknown
    }
  | { readonly kind: 'other' }

type Fields = Record<string, unknown>

/** Reads the blocks of an answer as deltas of Chat. */
export class BlockReader {
  readonly #tools: NamesOfTools
  /** By the index that the service gave; it may be wrong. */
  readonly #open = new Map<unknown, OpenBlock>()
  #last: OpenBlock | undefined
  #callCount = 0
  #reasoningCount = 0

  constructor(tools: NamesOfTools) {
    this.#tools = tools
  }

  start({ index, content_block: block }: Fields): Delta[] {
    // A block that was never stopped, or an index that is taken: the start of a block is always that of a new one.
    const before = this.#open.has(index) ? this.stop({ index }) : []
    if (!isRecord(block)) return before
    const [opened, deltas] = this.#begin(block)
    this.#open.set(index, opened)
    this.#last = opened
    return [...before, ...deltas]
  }

  delta({ index, delta }: Fields): Delta[] {
    if (!isRecord(delta)) return []
    switch (delta.type) {
      case 'text_delta':
        return said(delta.text)
      case 'thinking_delta': {
        const block = this.#find('thinking', index)
        const piece = textOf(delta.thinking)
        if (block?.kind === 'thinking') block.pieces.push(piece)
        return thought(piece)
      }
      case 'signature_delta': {
        const block = this.#find('thinking', index)
        if (block?.kind === 'thinking') block.signature += textOf(delta.signature)
        return []
      }
      case 'input_json_delta': {
        const block = this.#find('tool', index)
        if (block?.kind !== 'tool') return this.#strayInput(index)
        const piece = textOf(delta.partial_json)
        if (piece === '') return []
        block.pieces.push(piece)
        return block.isCustom ? [] : [{ tool_calls: [{ index: block.call, function: { arguments: piece } }] }]
      }
      case 'citations_delta':
        return cited(delta.citation)
      default:
        return []
    }
  }

  stop({ index }: Fields): Delta[] {
    const block = this.#open.get(index)
    if (!block) return []
    this.#open.delete(index)
    return this.#finished(block)
  }

  /** What was never stopped. */
  end(): Delta[] {
    const rest = [...this.#open.values()].flatMap((block) => this.#finished(block))
    this.#open.clear()
    return rest
  }

  #begin(block: Fields): [OpenBlock, Delta[]] {
    switch (block.type) {
      case 'text': {
        const citations = Array.isArray(block.citations) ? block.citations : []
        return [{ kind: 'text' }, [...said(block.text), ...citations.flatMap(cited)]]
      }
      case 'thinking': {
        const text = textOf(block.thinking)
        const opened: OpenBlock = {
          kind: 'thinking',
          pieces: [text],
          signature: textOf(block.signature),
          index: this.#reasoningCount++,
        }
        return [opened, thought(text)]
      }
      case 'redacted_thinking': {
        const detail = {
          type: 'reasoning.encrypted',
          data: textOf(block.data),
          format: claudeFormat,
          index: this.#reasoningCount++,
        } as const
        return [{ kind: 'other' }, [{ reasoning_details: [detail] }]]
      }
      case 'tool_use':
        return this.#beginCall(block)
      default:
        return [{ kind: 'other' }, []]
    }
  }

  #beginCall(block: Fields): [OpenBlock, Delta[]] {
    const given = textOf(block.name)
    const call = this.#callCount++
    const isCustom = this.#tools.isCustom(given)
    const opened: OpenBlock = { kind: 'tool', call, isCustom, pieces: [], input: block.input }
    const name = this.#tools.read(given)
    const identity = { index: call, id: callIdOf(textOf(block.id)) }
    return [
      opened,
      [
        {
          tool_calls: [
            isCustom
              ? { ...identity, type: 'custom', custom: { name, input: '' } }
              : { ...identity, type: 'function', function: { name, arguments: '' } },
          ],
        },
      ],
    ]
  }

  #finished(block: OpenBlock): Delta[] {
    if (block.kind === 'thinking') {
      if (block.signature === '') return []
      const { signature, index } = block
      const text = block.pieces.join('')
      return [{ reasoning_details: [{ type: 'reasoning.text', text, signature, format: claudeFormat, index }] }]
    }
    if (block.kind !== 'tool') return []
    const index = block.call
    if (block.isCustom) return [{ tool_calls: [{ index, custom: { input: customInput(block) } }] }]
    if (block.pieces.length > 0) return []
    const whole = isRecord(block.input) ? JSON.stringify(block.input) : '{}'
    return [{ tool_calls: [{ index, function: { arguments: whole } }] }]
  }

  /** The block that a piece belongs to: by its index, else the last one, where it is of the kind that takes the piece. */
  #find(kind: OpenBlock['kind'], index: unknown): OpenBlock | undefined {
    const byIndex = this.#open.get(index)
    if (byIndex?.kind === kind) return byIndex
    return this.#last?.kind === kind ? this.#last : undefined
  }

  /** Of a tool that the service runs by itself: nobody waits for it. */
  #strayInput(index: unknown): Delta[] {
    if (this.#open.get(index)?.kind === 'other') return []
    throw new DragomanError('upstream_protocol', 'The upstream sent arguments outside of a tool call', {
      origin: 'upstream',
    })
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function said(value: unknown): Delta[] {
  return typeof value === 'string' && value !== '' ? [{ content: value }] : []
}

function thought(text: string): Delta[] {
  return text === '' ? [] : [{ reasoning_content: text }]
}

/** A source from the web; places in a document of the request have no form in Chat. */
function cited(citation: unknown): Delta[] {
  if (!isRecord(citation) || typeof citation.url !== 'string') return []
  const annotation: UrlCitation = {
    type: 'url_citation',
    url_citation: { url: citation.url, title: textOf(citation.title), start_index: 0, end_index: 0 },
  }
  return [{ annotations: [annotation] }]
}

function customInput({ pieces, input }: Extract<OpenBlock, { kind: 'tool' }>): string {
  const text = pieces.join('')
  let value = input
  try {
    if (text !== '') value = JSON.parse(text)
  } catch {
    // Cut by the token limit: what has come is shown as it is.
    return text
  }
  return isRecord(value) ? textOf(value.input) : ''
}
