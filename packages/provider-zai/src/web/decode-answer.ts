import { DragomanError, isRecord } from '@dragoman/core'
import type { ChatCompletionChunk, Delta, Usage } from '@dragoman/openai-schema'
import { END, type StreamEvent } from '@dragoman/upstream'
import { citationsOf } from '../citations.ts'
import type { Fields } from '../record.ts'
import { AnswerDocument } from './answer-document.ts'
import { errorInFrame } from './errors.ts'
import { SiteCalls } from './site-calls.ts'

export interface DecodeOptions {
  /** Of the answer. */
  readonly id: string
  /** As the client asked. */
  readonly model: string
  /** Unix seconds. */
  readonly created: number
  /** Names of the client's tools. */
  readonly tools: ReadonlySet<string>
  errorFrom(json: unknown): DragomanError
}

/** Reads one answer, frame by frame. Its last chunk has a finish reason; nothing after it is of use. */
export function createWebDecoder({ id, model, created, tools, errorFrom }: DecodeOptions) {
  const document = new AnswerDocument()
  const calls = new SiteCalls(tools)
  const cited = new Set<string>()
  let usage: Usage | undefined
  let isFinished = false

  const chunk = (delta: Delta): ChatCompletionChunk => ({
    id,
    object: 'chat.completion.chunk',
    created,
    model,
    choices: [{ index: 0, delta, finish_reason: null }],
  })

  return { event }

  function event({ data }: StreamEvent): readonly ChatCompletionChunk[] | typeof END {
    const text = data.trim()
    if (isFinished) return END
    if (text === '[DONE]') return finish()
    if (text === '') return []
    const frame = parse(text)
    const error = errorInFrame(frame)
    if (error !== undefined) throw errorFrom({ error })
    // Some saw the inner object alone.
    const inner = isRecord(frame.data) ? frame.data : frame
    // As the page does: the last one counts.
    if (isRecord(inner.usage)) usage = inner.usage as unknown as Usage // read by core, field by field
    const chunks = deltas(inner, frame.type).map(chunk)
    return inner.done === true ? [...chunks, ...finish()] : chunks
  }

  function* texts(inner: Fields): Iterable<Delta> {
    const piece = textOf(inner.delta_content)
    const patch = textOf(inner.edit_content)
    const { phase, edit_index: index } = inner
    // In this phase a text is the rest of a tool's block, unless it closes the thinking.
    const isPatch = patch !== '' && (phase !== 'other' || patch.includes('</details>'))
    const at = typeof index === 'number' && index >= 0 ? index : undefined
    if (isPatch) yield* asDeltas(document.patch(patch, at))
    if (piece === '' || phase === 'other') return
    yield* asDeltas(phase === 'thinking' ? document.addReasoning(piece) : document.addAnswer(piece))
  }

  function deltas(inner: Fields, type: unknown): Delta[] {
    if (inner.phase === 'search' || type === 'web_search') return citations(inner)
    if (inner.phase === 'tool_call') {
      calls.take(textOf(inner.edit_content), inner.edit_index)
      return []
    }
    const ended = inner.phase === undefined ? undefined : calls.end()
    return [...(ended ? [{ tool_calls: [ended] }] : []), ...texts(inner)]
  }

  function citations(inner: Fields): Delta[] {
    const lists = [inner.results, inner.sources, inner.citations].flatMap(citationsOf)
    const annotations = lists.filter(({ url_citation: { url } }) => !cited.has(url) && cited.add(url))
    return annotations.length > 0 ? [{ annotations }] : []
  }

  function finish(): ChatCompletionChunk[] {
    isFinished = true
    const last = calls.end()
    const reason = calls.count > 0 ? 'tool_calls' : 'stop'
    const end = chunk({})
    const choices = [{ index: 0, delta: {}, finish_reason: reason } as const]
    return [...(last ? [chunk({ tool_calls: [last] })] : []), { ...end, choices, ...(usage && { usage }) }]
  }

  function parse(text: string): Fields {
    let frame: unknown
    try {
      frame = JSON.parse(text)
    } catch {
      // Told below, without quoting what may hold anything.
    }
    if (isRecord(frame)) return frame
    throw new DragomanError('upstream_protocol', 'chat.z.ai sent an event that is no JSON object', {
      origin: 'upstream',
    })
  }
}

function* asDeltas({ reasoning, answer }: { reasoning: string; answer: string }): Iterable<Delta> {
  if (reasoning !== '') yield { reasoning_content: reasoning }
  if (answer !== '') yield { content: answer }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
