import type { Usage } from '@dragoman/openai-schema'
import { type Exchange, errorReply, type FakeToolCall, type Gate, type Reply, type Step } from '@dragoman/testkit'

/** One way into a founding service, with a fake of what is behind it. */
export interface Door {
  /** As the configuration calls it: type and id. */
  readonly id: string
  /** A name of its own that thinks, where any does, and takes no images. */
  readonly model: string
  start(): Promise<FoundingService>
  /** An answer as the service writes it. */
  write(answer: Answer): Reply
  readonly reasons: boolean
  /** What the service counts in `write`; undefined: nothing, so that it is estimated. */
  readonly usage?: Usage
  /** It gives its answer at once. */
  readonly answersWhole?: true
  /** What it says to a name that it does not have. Without it such a name is refused before any call. */
  readonly unknownModel?: Reply
  /** What switches prompted tools off, where they are prompted. */
  readonly withoutTools?: object
  readonly tooLong: TooLong
  /** It can have another session with the same credential, which `at` of `refused` gives. */
  readonly renews?: true
  /** Absent where none is asked for. */
  readonly refused?: Refused
}

/** A conversation that does not fit: what the service says to it, or the options with which it is refused before. */
export type TooLong = { readonly reply: Reply } | { readonly options: object }

/** Credentials that the service does not take. */
export interface Refused {
  readonly credential: Readonly<Record<string, string>>
  /** With a captcha, which only a person may answer. */
  readonly asksForCaptcha?: true
  /** Method and path at which they are refused. */
  readonly at: string
}

export interface FoundingService extends AsyncDisposable {
  /** What stands under its name in `providers`, without `type`. */
  readonly settings: object
  readonly requests: readonly Exchange[]
  /** The next answers of the model, in order. */
  answers(...replies: readonly Reply[]): void
  /** Conversations that were made for answers and are still on the account. */
  left(): readonly string[]
  /** Ends the session that is in use; of a door that renews it. */
  endSession?(): void
}

export interface Answer {
  readonly reasoning?: string
  readonly text?: readonly string[]
  readonly call?: FakeToolCall
}

/** Answers that a test has prepared. */
export function replyQueue() {
  const queue: Reply[] = []
  return {
    answers: (...replies: readonly Reply[]) => void queue.push(...replies),
    next: () => queue.shift() ?? errorReply(500, 'The test has no answer for this'),
  }
}

/** The pieces of a text in which a model calls a tool as it was prompted to. */
export function spoken({ text = [], call }: Answer): readonly string[] {
  if (!call) return text
  const asked = { tool_calls: [{ function: { name: call.name, arguments: call.arguments } }] }
  return [...text, `\`\`\`json\n${JSON.stringify(asked)}\n\`\`\``]
}

/** The same reply, whose rest behind the step that holds this text waits for the gate. */
export function heldAfter(text: string, hold: Gate, reply: Reply): Reply {
  const { body } = reply
  if (typeof body !== 'object' || body instanceof Uint8Array || !(Symbol.iterator in body)) {
    throw new TypeError('This reply has no steps to hold back')
  }
  const steps: Step[] = [...body]
  const at = steps.findIndex((step) => holds(step, text))
  return { ...reply, body: steps.toSpliced(at + 1, 0, hold) }
}

function holds(step: Step, text: string): boolean {
  return (typeof step === 'string' || step instanceof Uint8Array) && Buffer.from(step).includes(text)
}
