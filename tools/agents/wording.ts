import type { FakeAnswer } from '../../packages/testkit/src/chat-replies.ts'
import type { Exchange } from '../../packages/testkit/src/exchange.ts'
import type { Reply } from '../../packages/testkit/src/reply.ts'
import type { ChatRequest } from './request-problems.ts'

/** What kind of service a model is behind: how that is asked, and how it writes what its model means. */
export interface Wording {
  readonly id: 'chat' | 'chat-in-trouble' | 'kimi-markup' | 'messages'
  /** The model's name there. */
  readonly model: string
  /** The provider, as dragoman.yaml has it. */
  provider(origin: string, key: string): object
  /** @param key what the request has to bring */
  read(exchange: Exchange, key: string): ReadRequest
  /** @param index counts all calls of a conversation */
  callId(name: string, index: number): string
  reply(answer: FakeAnswer): Reply
  /**
   * What happens instead to the nth question, from 1, where something does.
   *
   * @param whole what it would have answered
   */
  trouble?(n: number, whole: Reply): Reply | undefined
}

export interface ReadRequest {
  /** In the words of Chat Completions. */
  readonly request: ChatRequest
  /** What the service would refuse it for. */
  readonly problems: string[]
  /** Whether the model is to reason. */
  readonly isReasoning: boolean
}

/** Cut where it falls, but for surrogate pairs. */
export const pieces = (text: string): string[] => text.match(/.{1,7}/gsu) ?? []

export const joined = (text: string | readonly string[] = []): string =>
  typeof text === 'string' ? text : text.join('')
