import type { CallParams, Prompt } from './ai-sdk-types.ts'
import { type PromptedChoice, type PromptedTool, resultMarks, toolInstructions, writeCalls } from './prompted-tools.ts'

type Message = Prompt[number]
type UserPart = Extract<Message, { role: 'user' }>['content'][number]
type AssistantPart = Extract<Message, { role: 'assistant' }>['content'][number]
type ResultPart = Extract<AssistantPart, { type: 'tool-result' }>

/** The parameters of a call with its tools, and the calls and results before it, written into the prompt. */
export function promptedParams(params: CallParams): CallParams {
  const { tools = [], toolChoice, ...rest } = params
  const offered: PromptedTool[] = []
  for (const tool of tools) {
    if (tool.type !== 'function') continue
    offered.push({ name: tool.name, description: tool.description, parameters: tool.inputSchema })
  }
  // Tools that the provider runs itself are not for the prompt.
  const others = tools.filter(({ type }) => type !== 'function')
  const written = params.prompt.map(writeMessage)
  if (offered.length === 0) return { ...params, prompt: written }
  const prompt = withInstructions(written, toolInstructions(readChoice(toolChoice, offered), true))
  return others.length > 0 ? { ...rest, tools: others, prompt } : { ...rest, prompt }
}

function readChoice(choice: CallParams['toolChoice'], tools: readonly PromptedTool[]): PromptedChoice {
  if (choice?.type === 'none') return { tools: [], mustCall: false }
  if (choice?.type !== 'tool') return { tools, mustCall: choice?.type === 'required' }
  return { tools: tools.filter(({ name }) => name === choice.toolName), mustCall: true }
}

function writeMessage(message: Message): Message {
  if (message.role === 'assistant') return { ...message, content: writeAnswer(message.content) }
  if (message.role !== 'tool') return message
  const { providerOptions } = message
  const content = message.content.flatMap((part) => (part.type === 'tool-result' ? writeResult(part) : []))
  return { role: 'user', content, ...(providerOptions ? { providerOptions } : {}) }
}

function writeAnswer(parts: readonly AssistantPart[]): AssistantPart[] {
  const others = parts.filter((part) => part.type !== 'tool-call' || part.providerExecuted)
  const calls = parts.flatMap((part) => {
    if (part.type !== 'tool-call' || part.providerExecuted) return []
    const input = typeof part.input === 'string' ? part.input : JSON.stringify(part.input ?? {})
    return [{ id: part.toolCallId, name: part.toolName, arguments: input }]
  })
  if (calls.length === 0) return others
  const gap = others.some(({ type }) => type === 'text') ? '\n\n' : ''
  return [...others, { type: 'text', text: gap + writeCalls(calls) }]
}

function writeResult({ toolCallId, toolName, output }: ResultPart): UserPart[] {
  const { before, after } = resultMarks(toolCallId, toolName)
  return [{ type: 'text', text: before }, ...outputParts(output), { type: 'text', text: `${after}\n` }]
}

function outputParts(output: ResultPart['output']): UserPart[] {
  switch (output.type) {
    case 'text':
    case 'error-text':
      return [{ type: 'text', text: output.value }]
    case 'json':
    case 'error-json':
      return [{ type: 'text', text: JSON.stringify(output.value) }]
    case 'execution-denied':
      return [{ type: 'text', text: output.reason ?? 'The tool was not allowed to run.' }]
    case 'content':
      return output.value.map((part) => (part.type === 'custom' ? { type: 'text', text: JSON.stringify(part) } : part))
  }
}

function withInstructions(prompt: Prompt, text: string): Prompt {
  const at = prompt.findIndex(({ role }) => role === 'system')
  const first = prompt[at]
  if (first?.role !== 'system') return [{ role: 'system', content: text }, ...prompt]
  return prompt.with(at, { ...first, content: `${first.content}\n\n${text}` })
}
