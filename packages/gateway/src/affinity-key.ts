import type { ChatCompletionRequest } from '@dragoman/openai-schema'
import type { ChatContext } from './answer.ts'

/** What of a text counts: conversations that are alike that far, and as long, share a prompt cache anyway. */
const telling = 4096

/**
 * What requests of one conversation have in common, so that they go to the credential whose prompt cache is warm: the
 * client with the cache key or session that it names, else with how the conversation begins. Not secret, not reversible
 * where it was made of texts.
 */
export function affinityKey(request: ChatCompletionRequest, { client = 'open', session }: ChatContext): string {
  const named = request.prompt_cache_key || session
  return `${client} ${named ? named.slice(0, 200) : beginningOf(request)}`
}

function beginningOf({ model, tools, messages }: ChatCompletionRequest): string {
  const hash = new TextHash()
  hash.add(model)
  for (const tool of tools ?? []) hash.add(tool.type === 'function' ? tool.function.name : tool.type)
  const first = messages.findIndex(({ role }) => role === 'user')
  for (const { content } of messages.slice(0, first + 1)) {
    for (const part of typeof content === 'string' ? [content] : (content ?? [])) {
      hash.add(typeof part === 'string' ? part : part.type === 'text' ? part.text : part.type)
    }
  }
  return hash.toString()
}

/** 53 bits of texts. Two conversations that share them share a credential, and nothing else. */
class TextHash {
  #one = 0xdeadbeef
  #two = 0x41c6ce57

  add(text: string): void {
    this.#mix(text.length)
    for (let at = 0; at < text.length && at < telling; at++) this.#mix(text.charCodeAt(at))
  }

  toString(): string {
    return ((this.#two & 0x1fffff) * 2 ** 32 + (this.#one >>> 0)).toString(36)
  }

  #mix(value: number): void {
    this.#one = Math.imul(this.#one ^ value, 2654435761)
    this.#two = Math.imul(this.#two ^ value, 1597334677)
    this.#one ^= this.#two >>> 15
    this.#two ^= this.#one >>> 13
  }
}
