import { isRecord } from '@dragoman/core'
import { shortestClosing } from '@dragoman/normalizer'
import type { ChatCompletionChunk, ChatCompletionRequest, ChunkChoice, Delta } from '@dragoman/openai-schema'
import { type Fault, hasSaid, toolName } from './ensure-tool-call-request.ts'

/** What one call of the model has answered, and what of it is meant for the client. */
export class HeldTurn {
  readonly #request: ChatCompletionRequest
  readonly #ownNames: ReadonlySet<string | undefined>
  /** Canonical ones, without reasoning that has gone on. */
  readonly #chunks: ChatCompletionChunk[] = []
  /** By index. */
  readonly #calls = new Map<number, { name: string; text: string }>()
  #content = ''
  #isRefusal = false
  #finishReason: ChunkChoice['finish_reason'] = null

  /** @param request as the client made it: its own tools are the client's to answer, whatever they are called */
  constructor(request: ChatCompletionRequest) {
    this.#request = request
    this.#ownNames = new Set(request.tools?.map((tool) => toolName(tool)?.toLowerCase()))
  }

  add(chunk: ChatCompletionChunk): void {
    this.#chunks.push(chunk)
    for (const { index, delta, finish_reason } of chunk.choices) {
      if (index !== 0) continue
      this.#content += delta.content ?? ''
      if (delta.refusal) this.#isRefusal = true
      if (finish_reason) this.#finishReason = finish_reason
      for (const { index: at, function: called, custom } of delta.tool_calls ?? []) {
        const call = this.#calls.get(at) ?? { name: '', text: '' }
        call.name += called?.name ?? custom?.name ?? ''
        call.text += called?.arguments ?? ''
        this.#calls.set(at, call)
      }
    }
  }

  /**
   * Undefined for a turn that will do. One that was cut, refused or filtered will not become another one by asking
   * again, and says itself what it is.
   */
  get fault(): Fault | undefined {
    if (this.#finishReason === 'length' || this.#finishReason === 'content_filter' || this.#isRefusal) return undefined
    if (this.#calls.size === 0) return 'no call'
    const onlyEnds = [...this.#calls.values()].every(({ name }) => this.#isEnd(name))
    if (!onlyEnds || this.#answer !== '' || this.#content.trim() !== '') return undefined
    return hasSaid(this.#request) ? undefined : 'no answer'
  }

  /** The chunks without the calls that end the turn, and with the answer that they brought as content. */
  forClient(): readonly ChatCompletionChunk[] {
    const kept = [...this.#calls].filter(([, { name }]) => !this.#isEnd(name)).map(([index]) => index)
    if (kept.length === this.#calls.size) return this.#chunks
    const isEmpty = kept.length === 0 && this.#content.trim() === '' && this.#answer === ''
    let addition = this.#addition()
    return this.#chunks.flatMap((chunk) => {
      const choices = chunk.choices.map((choice) => {
        if (choice.index !== 0) return choice
        const { tool_calls: calls, ...rest } = choice.delta
        const delta: Delta = isEmpty ? withoutReasoning(rest) : rest
        // Where the calls begin: everything else of the turn has its place before them.
        if (calls && addition !== '') {
          delta.content = `${delta.content ?? ''}${addition}`
          addition = ''
        }
        const left = calls?.filter(({ index }) => kept.includes(index))
        if (left?.length) delta.tool_calls = left.map((call) => ({ ...call, index: kept.indexOf(call.index) }))
        const isStop = choice.finish_reason === 'tool_calls' && kept.length === 0
        return { ...choice, delta, finish_reason: isStop ? ('stop' as const) : choice.finish_reason }
      })
      return choices.every(saysNothing) && chunk.choices.length > 0 ? [] : [{ ...chunk, choices }]
    })
  }

  get #answer(): string {
    const answers = [...this.#calls.values()].map(({ name, text }) => (this.#isEnd(name) ? answerIn(text) : ''))
    return answers.filter((answer) => answer !== '').join('\n\n')
  }

  /** What has to follow the content, so that the answer stands there once. */
  #addition(): string {
    const answer = this.#answer
    const said = this.#content.trim()
    if (said === '' || answer === '') return answer
    return said === answer.trim() ? '' : `\n\n${answer}`
  }

  /** `done`, and what models make of it: another word for it, or a call's number in place of its name. */
  #isEnd(name: string): boolean {
    return /^(done|final|(call_)?\d+)$/i.test(name) && !this.#ownNames.has(name.toLowerCase())
  }
}

function withoutReasoning({ reasoning_content, reasoning, reasoning_details, ...rest }: Delta): Delta {
  return rest
}

function saysNothing({ delta, finish_reason }: ChunkChoice): boolean {
  return !finish_reason && Object.values(delta).every((value) => value === undefined)
}

/** By the length of their names: the more a name says, the sooner it is meant. */
const answerKeys = ['finalanswer', 'final', 'answer', 'summary']

/** The answer in a call's arguments, under whatever key the model has put it; '' where there is none. */
function answerIn(text: string): string {
  const given = parsed(text)
  const answer = isRecord(given) ? (answerOf(given) ?? inside(given)) : undefined
  return answer ?? ''
}

function answerOf(given: Readonly<Record<string, unknown>>): string | undefined {
  for (const wanted of answerKeys) {
    for (const [key, value] of Object.entries(given)) {
      if (key.toLowerCase().replace(/[^a-z]/g, '') !== wanted || value === null) continue
      const answer = typeof value === 'string' ? value : JSON.stringify(value)
      if (answer.trim() !== '') return answer
    }
  }
  return undefined
}

/** Arguments that could not be read somewhere on their way come inside of others. */
function inside({ raw, _raw = raw }: Readonly<Record<string, unknown>>): string | undefined {
  const given = typeof _raw === 'string' ? parsed(_raw) : _raw
  return isRecord(given) ? answerOf(given) : undefined
}

/** An answer that was cut is as much of it as there is; that it was cut says the finish reason. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    const closing = shortestClosing(text)
    return closing === '' ? undefined : JSON.parse(text + closing)
  }
}
