import { DragomanError, type NormalizedMarkup, type Provider, type Transform } from '@dragoman/core'
import {
  ChunkNormalizer,
  formatByName,
  type MarkupFormat,
  type Profile,
  profileOf,
  type RepairKind,
  type ToolDefinition,
} from '@dragoman/normalizer'
import type { ChatCompletionChunk, ChatCompletionRequest } from '@dragoman/openai-schema'
import type { Target } from './deployments.ts'

/**
 * How the text of a model's answers is read: `auto` by what is known of the model's name, `off` not at all, else as the
 * format of that name.
 */
export type Normalize = 'auto' | 'off' | string | { readonly format: string; readonly startsIn?: StartsIn | undefined }

/** Where a model's text begins: in the content, in reasoning that its template has opened, or wherever it turns out. */
export type StartsIn = 'text' | 'reasoning' | 'auto'

export interface Markup {
  readonly format: MarkupFormat
  readonly startsIn: StartsIn
  readonly repairToolNames: 'schema' | undefined
}

/** Throws `invalid_request` for a format that there is not. */
export function assertNormalize(normalize: Normalize | undefined): void {
  const name = typeof normalize === 'object' ? normalize.format : normalize
  if (name === undefined || name === 'auto' || name === 'off' || formatByName(name)) return
  throw new DragomanError('invalid_request', `There is no markup format ${name}`, { param: 'normalize' })
}

/** Names come from clients: no more of them are remembered. */
const maxRemembered = 1_000

/** What markup to look for in the answers of targets. */
export class TargetMarkup {
  /** Models of which it is known that nothing is: their names need not be looked through again. */
  readonly #plain = new Set<string>()

  /** Undefined for a model that writes none. */
  of({ normalize, entry, model }: Target, request: ChatCompletionRequest): Markup | undefined {
    const asked = normalize ?? entry.normalize ?? 'auto'
    if (asked === 'off' || (asked === 'auto' && entry.provider.readsMarkup)) return undefined
    const profile = this.#profileOf(model, request)
    if (asked === 'auto') {
      return (
        profile && markup(profile.format, startOf(profile, entry.provider.separatesReasoning), profile.repairToolNames)
      )
    }
    const { format, startsIn } = typeof asked === 'string' ? { format: asked, startsIn: undefined } : asked
    const known = profile?.format === format ? profile : undefined
    return markup(format, startsIn ?? known?.startsIn, known?.repairToolNames)
  }

  #profileOf(model: string, request: ChatCompletionRequest): Profile | undefined {
    if (this.#plain.has(model)) return undefined
    const profile = profileOf(model, { request })
    if (profile) return profile
    if (this.#plain.size >= maxRemembered) this.#plain.clear()
    this.#plain.add(model)
    return undefined
  }
}

/** A service that separates reasoning leaves nothing of it in the text, whatever the model's template opens. */
function startOf({ startsIn }: Profile, separates: Provider['separatesReasoning']): StartsIn {
  if (separates === 'mostly') return startsIn === 'reasoning' ? 'auto' : startsIn
  return separates ? 'text' : startsIn
}

function markup(name: string, startsIn: StartsIn = 'text', repairToolNames?: 'schema'): Markup {
  const format = formatByName(name)
  if (!format) throw new DragomanError('internal', `There is no markup format ${name}`) // looked at before
  return { format, startsIn, repairToolNames }
}

/** Reads the markup of one answer, and keeps count of what it found. */
export class MarkupReader implements Transform {
  readonly #format: string
  readonly #normalizer: ChunkNormalizer<ChatCompletionChunk>
  readonly #repairs: Partial<Record<RepairKind, number>> = {}
  #calls = 0

  /** @param tools those whose calls are looked for */
  constructor(
    { format, startsIn, repairToolNames }: Markup,
    request: ChatCompletionRequest,
    tools: readonly ToolDefinition[] = functionTools(request),
  ) {
    this.#format = format.name
    this.#normalizer = new ChunkNormalizer({
      format,
      startsIn,
      repairToolNames,
      tools,
      toolChoice: request.tool_choice ?? request.function_call,
      firstCallIndex: callsBefore(request),
      onRepair: ({ kind }) => {
        this.#repairs[kind] = (this.#repairs[kind] ?? 0) + 1
      },
      onReport: ({ calls }) => {
        this.#calls += calls
      },
    })
  }

  push(chunk: ChatCompletionChunk): Iterable<ChatCompletionChunk> {
    return this.#normalizer.push(chunk)
  }

  end(how: 'stop' | 'length' | 'cut'): Iterable<ChatCompletionChunk> {
    return this.#normalizer.end(how)
  }

  /** Undefined where nothing was read out of the text and nothing had to be mended. */
  get found(): NormalizedMarkup | undefined {
    const repairs = this.#repairs
    return this.#calls > 0 || Object.keys(repairs).length > 0
      ? { format: this.#format, calls: this.#calls, repairs }
      : undefined
  }
}

function functionTools({ tools }: ChatCompletionRequest) {
  return (tools ?? []).filter((tool) => tool.type === 'function')
}

/** Kimi numbers its calls through a whole conversation. */
function callsBefore({ messages }: ChatCompletionRequest): number {
  let calls = 0
  for (const message of messages) if (message.role === 'assistant') calls += message.tool_calls?.length ?? 0
  return calls
}
