import { DragomanError, isRecord } from '@dragoman/core'
import type {
  AssistantMessage,
  ChatCompletionChunk,
  ChatCompletionRequest,
  ForeignTool,
  ToolCallDelta,
  Usage,
} from '@dragoman/openai-schema'

const searchName = '$web_search'

export const searchTool: ForeignTool = { type: 'builtin_function', function: { name: searchName } }

/** A client that declares it runs it too: its calls are handed on. */
export function declaresSearch({ tools }: ChatCompletionRequest): boolean {
  return (tools ?? []).some(
    (tool) => tool.type === 'builtin_function' && isRecord(tool.function) && tool.function.name === searchName,
  )
}

const MAX_ROUNDS = 8

/**
 * An answer of a model that searches. It calls `$web_search`, gets the arguments back as they are, searches by itself
 * and goes on. The client sees one answer, whose usage is that of all rounds.
 *
 * @param ask sends one round
 */
export async function* searched(
  request: ChatCompletionRequest,
  ask: (request: ChatCompletionRequest) => AsyncIterable<ChatCompletionChunk>,
): AsyncGenerator<ChatCompletionChunk, undefined> {
  let { messages } = request
  const usages: Usage[] = []
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const turn = new SearchTurn()
    let last: ChatCompletionChunk | undefined
    for await (const chunk of ask({ ...request, messages })) {
      last = chunk
      const shown = turn.read(chunk)
      if (shown) yield shown
    }
    if (turn.usage) usages.push(turn.usage)
    if (!turn.isSearching) {
      if (last && usages.length > 0) yield { ...last, choices: [], usage: sumOf(usages) }
      return undefined
    }
    messages = [...messages, ...turn.echo()]
  }
  throw new DragomanError('upstream_protocol', `Moonshot searched ${MAX_ROUNDS} times without an answer`, {
    origin: 'upstream',
  })
}

interface Search {
  readonly id: string
  arguments: string
}

/** One round: keeps its searches, and lets everything else through. */
class SearchTurn {
  usage: Usage | undefined
  /** The round ended with searches and with no call of the client's tools. */
  isSearching = false
  #content = ''
  #reasoning = ''
  #hasOtherCalls = false
  readonly #searches = new Map<number, Search>()

  read(chunk: ChatCompletionChunk): ChatCompletionChunk | undefined {
    const { usage, ...rest } = chunk
    this.usage = usage ?? this.usage
    const [choice] = Array.isArray(chunk.choices) ? chunk.choices : []
    if (!choice) return undefined
    const { usage: ofChoice, ...plain } = { usage: undefined, ...choice }
    this.usage = (ofChoice as Usage | undefined) ?? this.usage
    const { tool_calls, ...delta } = choice.delta ?? {}
    this.#content += delta.content ?? ''
    this.#reasoning += delta.reasoning_content ?? ''
    const others = (tool_calls ?? []).filter((call) => !this.#take(call))
    this.#hasOtherCalls ||= others.length > 0
    let { finish_reason } = choice
    if (finish_reason && this.#searches.size > 0 && !this.#hasOtherCalls) {
      this.isSearching = true
      finish_reason = null
    }
    const kept = others.length > 0 ? { ...delta, tool_calls: others } : delta
    if (Object.keys(kept).length === 0 && !finish_reason) return undefined
    return { ...rest, choices: [{ ...plain, delta: kept, finish_reason }] }
  }

  /** The round as history, and each search with its own arguments as the result. */
  echo(): ChatCompletionRequest['messages'] {
    const searches = [...this.#searches.values()]
    const turn: AssistantMessage = {
      role: 'assistant',
      content: this.#content,
      reasoning_content: this.#reasoning || ' ',
      tool_calls: searches.map(({ id, arguments: text }) => ({
        id,
        type: 'function',
        function: { name: searchName, arguments: text },
      })),
    }
    const results = searches.map(({ id, arguments: content }) => ({
      role: 'tool' as const,
      tool_call_id: id,
      name: searchName,
      content,
    }))
    return [turn, ...results]
  }

  #take({ index, id, function: fn }: ToolCallDelta): boolean {
    const known = this.#searches.get(index)
    if (known) known.arguments += fn?.arguments ?? ''
    else if (fn?.name === searchName) {
      this.#searches.set(index, { id: id ?? `${searchName}:${index}`, arguments: fn.arguments ?? '' })
    } else return false
    return true
  }
}

function sumOf(usages: readonly Usage[]): Usage {
  const sum = (read: (usage: Usage) => number | undefined) => usages.reduce((all, usage) => all + (read(usage) ?? 0), 0)
  return {
    prompt_tokens: sum((usage) => usage.prompt_tokens),
    completion_tokens: sum((usage) => usage.completion_tokens),
    total_tokens: sum((usage) => usage.total_tokens),
    prompt_tokens_details: { cached_tokens: sum((usage) => usage.prompt_tokens_details?.cached_tokens) },
  }
}
