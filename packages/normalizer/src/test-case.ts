import type { EndedHow } from './markup-event.ts'
import type { PlainOptions } from './plain-options.ts'
import type { ToolDefinition } from './tool.ts'

/** One text of a model and what it must become, at whatever places it is cut. Data of the test suite, not published. */
export interface Case {
  /** One line: what is special. */
  readonly what: string
  /** Where the expectation comes from: `template of Qwen3-Coder`, `vllm#37184`, `grammar`. */
  readonly from: string
  /** The model's raw text. */
  readonly text: string
  readonly startsIn?: 'text' | 'reasoning' | 'auto'
  readonly tools?: readonly ToolDefinition[]
  /** How the text ended. Default `stop`. */
  readonly how?: EndedHow
  readonly options?: Partial<PlainOptions>
  /** Expected; absent where there must be none. */
  readonly content?: string
  readonly reasoning?: string
  readonly calls?: readonly ExpectedCall[]
}

export interface ExpectedCall {
  readonly name: string
  /** Only where the model gives one; otherwise the shape of a generated id is checked. */
  readonly id?: string
  /** The exact text. */
  readonly arguments: string
  /** Default `complete`. */
  readonly state?: 'complete' | 'incomplete' | 'invalid'
}
