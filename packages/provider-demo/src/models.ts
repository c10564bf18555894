import type { Model } from '@dragoman/openai-schema'

/** How a model writes what it thinks and calls. */
export interface DemoModel {
  readonly id: string
  readonly description: string
  readonly reasons: 'never' | 'always' | 'with-tools'
  /**
   * `fields`: `reasoning_content` and `tool_calls`. The others write text that a parser has to take apart: reasoning in
   * think tags, with the opening one left to the prompt (`think-prefilled`), or also calls, as Kimi K2 does.
   */
  readonly writes: 'fields' | 'think-tags' | 'think-prefilled' | 'kimi-k2'
}

const plain: DemoModel = {
  id: 'demo',
  description: 'Answers with text, tool calls or JSON, offline and always the same.',
  reasons: 'never',
  writes: 'fields',
}

const models: readonly DemoModel[] = [
  plain,
  {
    id: 'demo-reasoner',
    description: 'Like demo, with its reasoning in reasoning_content before the answer.',
    reasons: 'always',
    writes: 'fields',
  },
  {
    id: 'demo-think-tags',
    description: 'Like demo-reasoner, with its reasoning as raw text in <think> tags inside the content.',
    reasons: 'always',
    writes: 'think-tags',
  },
  {
    id: 'demo-think-prefilled',
    description: 'Like demo-think-tags, but its text starts inside the reasoning: only </think> is written.',
    reasons: 'always',
    writes: 'think-prefilled',
  },
  {
    id: 'demo-kimi',
    description: 'When tools are declared, writes reasoning and tool calls as raw Kimi K2 markup inside the content.',
    reasons: 'with-tools',
    writes: 'kimi-k2',
  },
]

/** An id that is not known is served like `demo`, under its own name. */
export function modelFor(id: string): DemoModel {
  return models.find((model) => model.id === id) ?? { ...plain, id }
}

export function listModels(): Model[] {
  const created = Date.UTC(2026, 10, 1) / 1000
  return models.map(({ id, description }) => ({ id, object: 'model', created, owned_by: 'dragoman', description }))
}
