import { isRecord, type Transform } from '@dragoman/core'
import type {
  ChatCompletionChunk,
  ChatCompletionRequest,
  ChunkChoice,
  Delta,
  ToolCallDelta,
} from '@dragoman/openai-schema'

/** Calls that were read out of a text, in the form in which the request offers its tools, where that is another one. */
export function callsInAskedForm({ tools, functions }: ChatCompletionRequest): readonly Transform[] {
  if (functions?.length && !tools?.length) return [functionCalls()]
  const custom = (tools ?? []).flatMap((tool) => (tool.type === 'custom' ? [tool.custom.name] : []))
  return custom.length > 0 ? [new CustomCalls(new Set(custom))] : []
}

/** For clients that sent `functions`: their answers have room for one call. */
function functionCalls(): Transform {
  return {
    push: (chunk) => [withChoices(chunk, asFunctionCall)],
    end: () => [],
  }
}

function asFunctionCall(choice: ChunkChoice): ChunkChoice {
  if (!choice.delta?.tool_calls && choice.finish_reason !== 'tool_calls') return choice
  const { tool_calls: calls = [], ...delta } = choice.delta
  const finish_reason = choice.finish_reason === 'tool_calls' ? 'function_call' : choice.finish_reason
  const pieces = calls.filter(({ index }) => index === 0).map((piece) => piece.function)
  if (pieces.length === 0) return { ...choice, delta, finish_reason }
  const name = pieces.find((piece) => piece?.name)?.name
  const text = pieces.map((piece) => piece?.arguments ?? '').join('')
  return { ...choice, delta: { ...delta, function_call: { ...(name && { name }), arguments: text } }, finish_reason }
}

/** Calls of tools that take free text, whose arguments were asked for as `{ "input": … }`: held until they are whole. */
class CustomCalls implements Transform {
  readonly #names: ReadonlySet<string>
  /** By choice and index. */
  readonly #held = new Map<string, { first: ToolCallDelta; text: string }>()

  constructor(names: ReadonlySet<string>) {
    this.#names = names
  }

  push(chunk: ChatCompletionChunk): Iterable<ChatCompletionChunk> {
    return [withChoices(chunk, (choice) => this.#choice(choice))]
  }

  /** One that was cut is not made up. */
  end(): Iterable<ChatCompletionChunk> {
    return []
  }

  #choice(choice: ChunkChoice): ChunkChoice {
    const { tool_calls: calls, ...rest } = choice.delta ?? {}
    if (!calls && !choice.finish_reason) return choice
    const passing = (calls ?? []).filter((call) => !this.#holds(choice.index, call))
    const whole = choice.finish_reason ? this.#whole(choice.index) : []
    const all = [...passing, ...whole]
    const delta: Delta = all.length > 0 ? { ...rest, tool_calls: all } : rest
    return { ...choice, delta }
  }

  #holds(choice: number, call: ToolCallDelta): boolean {
    const key = `${choice} ${call.index}`
    const held = this.#held.get(key)
    if (held) held.text += call.function?.arguments ?? ''
    else if (this.#names.has(call.function?.name ?? '')) {
      this.#held.set(key, { first: call, text: call.function?.arguments ?? '' })
    } else return false
    return true
  }

  #whole(choice: number): ToolCallDelta[] {
    return [...this.#held].flatMap(([key, { first, text }]) => {
      if (!key.startsWith(`${choice} `)) return []
      this.#held.delete(key)
      const { function: called, ...identity } = first
      return [{ ...identity, type: 'custom' as const, custom: { name: called?.name ?? '', input: inputIn(text) } }]
    })
  }
}

/** The text itself is the best there is where it is not in the form that was asked for. */
function inputIn(text: string): string {
  try {
    const given: unknown = JSON.parse(text)
    if (isRecord(given) && typeof given.input === 'string') return given.input
  } catch {
    // Not JSON: the model wrote the input as it is.
  }
  return text
}

function withChoices(chunk: ChatCompletionChunk, change: (choice: ChunkChoice) => ChunkChoice): ChatCompletionChunk {
  if (!Array.isArray(chunk.choices)) return chunk
  const choices = chunk.choices.map((choice) => (isRecord(choice) ? change(choice) : choice))
  return choices.every((choice, i) => choice === chunk.choices[i]) ? chunk : { ...chunk, choices }
}
