import type { FakeToolCall } from '../../packages/testkit/src/chat-replies.ts'

/** A coding agent of the npm registry, and how to make it work for us without a word to anybody else. */
export interface Agent {
  readonly id: string
  readonly package: string
  readonly version: string
  /** The API it speaks. */
  readonly speaks: 'chat completions' | 'messages' | 'responses'
  /** Names of models to ask for: one run each, since agents offer other tools to models that they know. */
  readonly models: readonly string[]
  /** Whether it brings the reasoning of earlier turns back. */
  readonly keepsReasoning: boolean
  /** @param installed the folder whose node_modules it is in */
  program(installed: string, job: Job): Program
  readonly hands: Hands
}

/** What an agent is told. */
export interface Job {
  /** `http://127.0.0.1:<port>`, of Dragoman. */
  readonly origin: string
  readonly key: string
  readonly model: string
  readonly prompt: string
  /** Its home, which is there and empty. */
  readonly home: string
}

/** How an agent is started in the folder of its task. */
export interface Program {
  readonly file: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** Its settings, by path inside its home. */
  readonly files?: Readonly<Record<string, string>>
}

/** What the model calls to get something done with an agent's own tools. */
export interface Hands {
  /** Two calls or more, made at once: one lists the folder, one reads the note. */
  look(note: string, offered: ReadonlySet<string>): FakeToolCall[]
  write(path: string, text: string, offered: ReadonlySet<string>): FakeToolCall
}
