import type { ChatMessage } from '@dragoman/openai-schema'
import { textOf } from './text-only.ts'

/**
 * A conversation as the one text that the site takes. A single message of the user goes as it is; else each message
 * stands in a tag that says whose it is, instructions first, the others in their order.
 */
export function transcriptOf(messages: readonly ChatMessage[]): string {
  const [only] = messages
  if (only?.role === 'user' && messages.length === 1) return textOf(only.content)
  const instructions = messages.filter(isInstruction)
  const others = messages.filter((message) => !isInstruction(message))
  return [...instructions, ...others].flatMap(labelled).join('\n\n')
}

function isInstruction({ role }: ChatMessage): boolean {
  return role === 'system' || role === 'developer'
}

function labelled(message: ChatMessage): string[] {
  const refused = message.role === 'assistant' ? (message.refusal ?? '') : ''
  const text = textOf(message.content) || refused
  if (text.trim() === '') return []
  const role = isInstruction(message) ? 'system' : message.role
  const name = 'name' in message && message.name ? ` name=${JSON.stringify(message.name)}` : ''
  return [`<${role}${name}>\n${text}\n</${role}>`]
}
