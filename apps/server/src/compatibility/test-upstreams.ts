import {
  chatChunks,
  completion,
  eventStream,
  type FakeAnswer,
  type ScriptedReply,
  sse,
  wholeAnswer,
} from '@dragoman/testkit'
import { anthropicReply } from './test-anthropic-upstream.ts'

/** A kind of service, and how a model of it says what it is to say. */
export interface UpstreamKind {
  readonly id: string
  /** Its entry under `providers`, at a fake. */
  settings(origin: string): object
  /** The model's name there. */
  readonly model: string
  reply(answer: FakeAnswer): ScriptedReply
}

const credentials = [{ apiKey: 'sk-of-the-fake-upstream' }]

export const upstreamKinds: readonly UpstreamKind[] = [
  {
    id: 'an OpenAI-style service',
    model: 'plain-1',
    settings: (origin) => ({ type: 'openai-compatible', baseUrl: `${origin}/v1`, credentials }),
    reply: (answer) => chatReply(answer),
  },
  {
    id: 'a service whose model writes Kimi markup',
    model: 'kimi-k2-thinking',
    settings: (origin) => ({ type: 'openai-compatible', baseUrl: `${origin}/v1`, credentials }),
    reply: (answer) => chatReply(asMarkup(answer)),
  },
  {
    id: 'Anthropic',
    model: 'claude-sonnet-5',
    settings: (origin) => ({ type: 'anthropic', baseUrl: origin, credentials }),
    reply: anthropicReply,
  },
]

function chatReply(answer: FakeAnswer): ScriptedReply {
  return ({ json }) => (json.stream === true ? eventStream(sse(...chatChunks(answer), '[DONE]')) : completion(answer))
}

/** The same answer as text alone, in pieces that cut its marks. */
function asMarkup({ reasoning = '', text = '', toolCalls = [], ...rest }: FakeAnswer): FakeAnswer {
  const joined = (pieces: string | readonly string[]) => (typeof pieces === 'string' ? pieces : pieces.join(''))
  const { choices } = wholeAnswer({ toolCalls })
  const calls = (choices[0]?.message.tool_calls ?? []).flatMap((call, index) => {
    if (call.type !== 'function') return []
    const { name, arguments: given } = call.function
    return [`<|tool_call_begin|>functions.${name}:${index}<|tool_call_argument_begin|>${given}<|tool_call_end|>`]
  })
  const section = calls.length > 0 ? `<|tool_calls_section_begin|>${calls.join('')}<|tool_calls_section_end|>` : ''
  const whole = `(no content)${joined(reasoning)}</think>${joined(text)}${section}`
  return { ...rest, text: whole.match(/[\s\S]{1,7}/g) ?? [], finish: 'stop' }
}
