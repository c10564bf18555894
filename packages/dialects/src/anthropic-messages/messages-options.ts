/** What a model or a service that speaks Messages is like, where they differ. */
export interface MessagesOptions {
  /** `max_tokens` where the request names no limit: the dialect demands one. A thinking budget comes on top. Default 4096. */
  readonly maxTokens?: number | undefined
  /**
   * How the model is told to think. `budget` (the default): so many tokens, by `reasoning_effort`. `adaptive`: it decides
   * by itself, and budgets are an error. `always`: like `adaptive`, and it cannot be told not to.
   */
  readonly thinking?: 'budget' | 'adaptive' | 'always' | undefined
  /** Whether it takes `temperature`, `top_p` and `top_k`. Default true. */
  readonly sampling?: boolean | undefined
  /** Whether a tool may be forced while it thinks. Default false. */
  readonly forcedToolsWithThinking?: boolean | undefined
  /** Whether it goes on with a message of the assistant that stands last. Never while it thinks. Default true. */
  readonly prefill?: boolean | undefined
  /** Whether system messages may stand in the middle; else they become a reminder in the user's words. Default false. */
  readonly systemAnywhere?: boolean | undefined
}
