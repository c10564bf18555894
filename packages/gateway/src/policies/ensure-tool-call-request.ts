import type {
  AllowedTools,
  ChatCompletionRequest,
  ChatMessage,
  FunctionTool,
  MessageContent,
  Tool,
} from '@dragoman/openai-schema'

/** The tool that says "I have finished", unless the client has one of that name. */
const endName = 'done'

const endTool: FunctionTool = {
  type: 'function',
  function: {
    name: endName,
    description: 'Ends the turn. Call it when the task is finished, or when no other tool is of use.',
    parameters: {
      type: 'object',
      properties: {
        final_answer: { type: 'string', description: 'The whole answer to the user, as it is to be shown.' },
      },
      additionalProperties: false,
    },
  },
}

/** The tool that ends the turn, and whose it is. */
export interface EndTool {
  readonly name: string
  /** It came with the request: its calls are for the client to see. */
  readonly isClients: boolean
}

export function endToolOf({ tools }: ChatCompletionRequest): EndTool {
  const own = tools?.map(toolName).find((name) => name?.toLowerCase() === endName)
  return own === undefined ? { name: endName, isClients: false } : { name: own, isClients: true }
}

/** Undefined for a tool that a service runs by itself. */
export function toolName(tool: Tool): string | undefined {
  if (tool.type === 'function') return tool.function.name
  return tool.type === 'custom' ? tool.custom.name : undefined
}

/**
 * The request with the rule that every answer is a tool call, the tool that ends the turn, and a reminder for each answer
 * that did not keep to the rule. Those answers are not in it. What is there already is not added again.
 */
export function insisting(request: ChatCompletionRequest, reminders: readonly string[]): ChatCompletionRequest {
  const end = endToolOf(request)
  const messages = withNote(withNote(request.messages, rule(end), false), reminders.join('\n\n'), true)
  if (end.isClients) return { ...request, messages }
  const { tools, tool_choice: choice } = request
  const allowed = typeof choice === 'object' && choice?.type === 'allowed_tools' ? choice : undefined
  return {
    ...request,
    messages,
    tools: [...(tools ?? []), endTool],
    ...(allowed && { tool_choice: alsoAllowed(allowed) }),
  }
}

function alsoAllowed({ type, allowed_tools }: AllowedTools): AllowedTools {
  const end = { type: 'function', function: { name: endName } }
  return { type, allowed_tools: { ...allowed_tools, tools: [...allowed_tools.tools, end] } }
}

function rule({ name, isClients }: EndTool): string {
  const answer = isClients ? '' : ', with your whole answer to the user as `final_answer`'
  return `Always reply with a tool call. When the task is finished, or no other tool is of use, call \`${name}\`${answer}.`
}

/** Why an answer did not do. */
export type Fault = 'no call' | 'no answer'

/** @param number counts the reminders of a request, from 1 */
export function reminderOf(fault: Fault, number: number, { name, isClients }: EndTool): string {
  const start = `Reminder ${number}:`
  if (fault === 'no answer') {
    return `${start} you called \`${name}\` without \`final_answer\`, and the user has seen no answer yet. Call \`${name}\` again, with your whole answer to the user as \`final_answer\`.`
  }
  const answer = isClients ? '' : ' and put what you want to say to the user into `final_answer`'
  return `${start} your last reply had no tool call, so nobody has seen it. Reply with a tool call now; if no other tool is of use, call \`${name}\`${answer}.`
}

/**
 * Adds a text to the first message of the system, behind a blank line, or as such a message in front.
 *
 * @param isApart it becomes a part of its own where there are parts: what stands before it stays as caches know it
 */
function withNote(messages: readonly ChatMessage[], note: string, isApart: boolean): ChatMessage[] {
  if (note === '') return [...messages]
  const at = messages.findIndex(({ role }) => role === 'system' || role === 'developer')
  const first = messages[at]
  if (first?.role !== 'system' && first?.role !== 'developer') return [{ role: 'system', content: note }, ...messages]
  return messages.with(at, { ...first, content: noted(first.content, note, isApart) })
}

function noted(content: MessageContent, note: string, isApart: boolean): MessageContent {
  if (!Array.isArray(content)) {
    if (content.includes(note)) return content
    return content === '' ? note : `${content}\n\n${note}`
  }
  if (content.some((part) => part.type === 'text' && part.text.includes(note))) return content
  const at = isApart ? -1 : content.findLastIndex(({ type }) => type === 'text')
  const last = content[at]
  if (last?.type !== 'text') return [...content, { type: 'text', text: note }]
  return content.with(at, { ...last, text: `${last.text}\n\n${note}` })
}

/** Whether the assistant has said something that the user sees since the user's last message. */
export function hasSaid({ messages }: ChatCompletionRequest): boolean {
  return turnOf(messages).some((message) => textOf(message.content).trim() !== '')
}

/**
 * Whether the last turn is over already: since the user's last message the assistant has answered without a call, or
 * with a summary beside a single call of one of these tools. A message that is to be gone on with is no end.
 */
export function isFinished({ messages }: ChatCompletionRequest, finishedBy: readonly string[]): boolean {
  const last = turnOf(messages).findLast(({ role }) => role === 'assistant')
  if (last?.role !== 'assistant' || last.partial || last.prefix || last.function_call) return false
  const calls = last.tool_calls ?? []
  if (calls.length === 0) return true
  const [call] = calls
  const name = call?.type === 'function' ? call.function.name : call?.type === 'custom' ? call.custom.name : undefined
  return calls.length === 1 && finishedBy.some((one) => one === name) && /summary|changes/i.test(textOf(last.content))
}

function turnOf(messages: readonly ChatMessage[]): readonly ChatMessage[] {
  const turn = messages.slice(messages.findLastIndex(({ role }) => role === 'user') + 1)
  return turn.filter(({ role }) => role === 'assistant')
}

function textOf(content: MessageContent | null | undefined): string {
  if (typeof content === 'string') return content
  return (content ?? []).map((part) => (part.type === 'text' ? part.text : '')).join('\n')
}
