/**
 * The OpenAI chat shapes as far as they are read here. The types of any OpenAI client fit them; fields that are not
 * named are kept. What an upstream sends is unchecked, so the fields of a delta are `unknown`.
 */
export interface ChatChunk {
  readonly choices: readonly ChatChunkChoice[]
}

export interface ChatChunkChoice {
  readonly index: number
  readonly delta: ChatDelta
  readonly finish_reason?: string | null | undefined
}

/** What a chunk adds to the message. */
export interface ChatDelta {
  readonly role?: unknown
  /** Text, or parts as Mistral's reasoning models send them. */
  readonly content?: unknown
  readonly reasoning_content?: unknown
  readonly reasoning?: unknown
  readonly reasoning_details?: unknown
  readonly thinking?: unknown
  readonly tool_calls?: unknown
}

export interface ChatCompletion {
  readonly choices: readonly ChatCompletionChoice[]
}

export interface ChatCompletionChoice {
  readonly index: number
  readonly message: ChatDelta
  readonly finish_reason?: string | null | undefined
}

/** A piece of a tool call as it is written here: identity in the first piece of a call, later only more arguments. */
export interface ChatToolCallPiece {
  readonly index: number
  readonly id?: string
  readonly type?: 'function'
  readonly function: { readonly name?: string; arguments: string }
}
