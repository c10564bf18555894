import type { CallState, EndedHow, RepairKind } from './markup-event.ts'
import type { Cursor, Waiting } from './markup-lexer.ts'
import type { ToolSet } from './tool.ts'

/** How a family of models writes reasoning and calls as text: a table. */
export interface MarkupFormat {
  readonly name: string
  readonly reasoning?: readonly ReasoningTags[]
  /** What begins calls, or whatever else needs a reader of its own (a channel header). */
  readonly openers?: readonly Opener[]
  /** A pair around the whole answer, which is taken off: the opener before the first content, the closer after the last. */
  readonly wrappers?: readonly (readonly [opener: string, closer: string])[]
  /** Tokens that end a turn. They are taken off at the end of the text; anywhere else they are text. */
  readonly endTokens?: readonly string[]
  /** Noise that is dropped at the very start of the message. */
  readonly startFillers?: readonly string[]
  /** Noise that is dropped anywhere outside code: closers that stand alone, openers that commit to nothing. */
  readonly fillers?: readonly string[]
  /** Calls inside reasoning are drafts, and stay reasoning. */
  readonly ignoresCallsInReasoning?: boolean
  /** Length of generated ids, without the prefix `call_`, where the family's own services ask for it. */
  readonly idLength?: number
}

export interface ReasoningTags {
  /** '' where only the closer exists, because every template writes the opener itself. */
  readonly opener: string
  readonly closer: string
  /** They cannot be prose: they count anywhere outside code, not only at the start of a line. */
  readonly isToken?: boolean
}

export interface Opener {
  readonly text: string
  /**
   * A special token of the tokenizer: never meant for a reader, so it is read even where no tools are declared. Plain
   * text is not.
   */
  readonly isToken?: boolean
  /** Where it counts. `start`: before any visible text; `line`: only at the start of a line. Default anywhere. */
  readonly where?: 'start' | 'line'
  /** Once a call was read behind an opener of one family, those of the others are text. */
  readonly family?: string
  readonly read: Reader
}

/**
 * Reads what follows an opener. It is called with the cursor behind the opener, while everything from the opener on is
 * held, and it returns where ordinary text goes on.
 *
 * What was read counts as markup from `commit` or a `startCall` that returned a name. Where neither came, or `hold` was
 * called after it, the returned value decides on what is held: false makes it text of the current channel, byte for
 * byte, and reading goes on behind it (so return false *before* the character that does not fit); true drops it, as at
 * the end of the text inside a name.
 *
 * Readers keep no state of their own outside of the generator.
 */
export type Reader = (reading: Reading, opener: string) => Waiting<boolean>

/** What a reader works with. */
export interface Reading {
  readonly cursor: Cursor
  readonly tools: ToolSet
  readonly maxDepth: number
  readonly maxHeld: number
  /** The opener stands in a code fence or inline code: only calls of declared tools count, and `commit` does nothing. */
  readonly isInCode: boolean
  /** How the text ended, once `cursor.hasEnded`; `stop` before. */
  readonly how: EndedHow
  /**
   * What is held is markup: it is forgotten, and reasoning ends. With `isCloser` it is the end of reasoning, so where it
   * was not decided in what the message began, it was reasoning.
   */
  commit(isCloser?: boolean): void
  /** After a commit: what is read from here on is undecided again. */
  hold(): void
  /** Commits, and opens a block of reasoning (which ends at `closer`, or at any where it is absent) or the content. */
  enter(channel: 'content' | 'reasoning', closer?: string): void
  /**
   * Commits and starts a call. Returns the name that it has; undefined, with nothing done, where the name is none, or is
   * not declared and has to be, as in code.
   */
  startCall(header: CallHeader): string | undefined
  /** More text of the arguments of the started call. */
  arguments(text: string): void
  /**
   * `complete`: the format's own end was read, or the arguments are whole. Arguments of which nothing came become `{}`
   * then, otherwise `{`.
   */
  endCall(state: CallState): void
  /** The id of the started call, where it comes behind the arguments (`isIdLate`). */
  setCallId(id: string): void
  repaired(kind: RepairKind, detail?: string): void
}

/** Finds the tool that is meant by arguments, given as JSON text; undefined where none is for sure. */
export type NameFinder = (argumentsText: string, tools: ToolSet) => string | undefined

export interface CallHeader {
  readonly name: string
  /** The model wrote no name: it is found by the arguments, and the start of the call waits for them. */
  readonly findName?: NameFinder | undefined
  /** The model's own id, or a function that makes one of the final name and the number of the call. */
  readonly id?: string | ((name: string, count: number) => string) | undefined
  /** The model's own number of the call, for `toolCallIds: 'index'`. */
  readonly number?: string | undefined
  /** The id may come behind the arguments: the start waits for the end of the call, at most `maxHeld` characters. */
  readonly isIdLate?: boolean | undefined
  /** What looks like a call is one only if the tool is declared. */
  readonly mustBeDeclared?: boolean | undefined
}
