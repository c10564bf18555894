import { isDeepStrictEqual } from 'node:util'
import { errorReply, type FakeAnswer, type FakeToolCall, tokens } from '../../packages/testkit/src/chat-replies.ts'
import type { Exchange } from '../../packages/testkit/src/exchange.ts'
import type { Reply } from '../../packages/testkit/src/reply.ts'
import type { Hands } from './agent.ts'
import type { ChatRequest } from './request-problems.ts'
import type { Task } from './task.ts'
import { joined, type Wording } from './wording.ts'

/** A model that knows one task. It sees Chat Completions requests, as an upstream of Dragoman does. */
export interface FakeModel {
  answer(exchange: Exchange): Reply
  /** What was wrong with the requests. */
  readonly problems: readonly string[]
  /** Answered as part of the task; agents ask for titles and the like besides. */
  readonly turns: number
}

export interface FakeModelOptions {
  readonly task: Task
  readonly hands: Hands
  readonly wording: Wording
  readonly keepsReasoning: boolean
  /** What no request may hold. */
  readonly clientKey: string
  readonly upstreamKey: string
}

const steps = ['look', 'write', 'farewell'] as const

export function createFakeModel({ task, hands, wording, ...wanted }: FakeModelOptions): FakeModel {
  const problems: string[] = []
  const said: FakeAnswer[] = []
  let asked = 0
  let turns = 0
  let calls = 0

  const withIds = (toolCalls: readonly FakeToolCall[]) =>
    toolCalls.map((call) => ({ ...call, id: wording.callId(call.name, calls++) }))

  return {
    problems,
    get turns() {
      return turns
    },
    answer(exchange) {
      const { request, problems: found, isReasoning } = wording.read(exchange, wanted.upstreamKey)
      if (exchange.text.includes(wanted.clientKey) || JSON.stringify(exchange.headers).includes(wanted.clientKey)) {
        found.push('the key of the client reached the upstream')
      }
      const withCalls = request.messages.filter(({ tool_calls }) => tool_calls?.length)
      // Of an answer that broke off agents keep what they had of it, some as a turn of its own.
      const earlier = wording.trouble ? withCalls.filter(isOfWholeAnswer) : withCalls
      const keepsReasoning = wanted.keepsReasoning && !wording.trouble
      found.push(...earlier.flatMap((message, i) => changes(said[i], message, keepsReasoning)))
      problems.push(...found)
      // Or else an agent might go on for ever.
      if (problems.length > 0) return errorReply(400, 'Something was wrong before')
      // A title, or whether a topic is new.
      if (!request.tools?.length) return wording.reply({ text: 'A word is copied', usage: tokens(9, 4) })

      const step = steps[earlier.length]
      const wholeAnswer = step && answerFor(step, request)
      if (!wholeAnswer) {
        problems.push(`the results of turn ${earlier.length} do not show what was asked for`)
        return errorReply(400, 'The results do not show what was asked for')
      }
      const answer = isReasoning ? wholeAnswer : { ...wholeAnswer, reasoning: undefined }
      const whole = wording.reply(answer)
      const trouble = wording.trouble?.(++asked, whole)
      if (trouble) return trouble
      turns++
      if (step !== 'farewell') said[earlier.length] = answer
      return whole
    },
  }

  function isOfWholeAnswer({ tool_calls = [] }: ChatRequest['messages'][number]): boolean {
    return said.some(({ toolCalls = [] }) => toolCalls.some(({ id }) => id === tool_calls[0]?.id))
  }

  function answerFor(step: (typeof steps)[number], { messages, tools = [] }: ChatRequest): FakeAnswer | undefined {
    const results = messages.filter(({ role }) => role === 'tool').map(({ content }) => textOf(content))
    const offered = new Set(tools.map((tool) => tool.function.name))
    if (step === 'look') {
      const toolCalls = withIds(hands.look(task.note, offered))
      return { reasoning: ['First I ', 'look around.'], text: ['I look ', 'first.'], toolCalls, usage: tokens(900, 40) }
    }
    const word = results.map(task.readWord).find(Boolean)
    const seesFolder = results.some((result) => result.includes('note.txt'))
    // So Codex says where a call is of no tool of its own.
    const isStrange = results.some((result) => result.startsWith('unsupported call'))
    if (!word || !seesFolder || isStrange) return undefined
    if (step === 'farewell') return { text: task.farewell.split(/(?<= )/), usage: tokens(1100, 12) }
    const toolCalls = withIds([hands.write(task.answer, task.answerWith(word), offered)])
    return { reasoning: `The word is ${word}, so I write it.`, toolCalls, usage: tokens(1000, 60) }
  }
}

/** How a turn came back from the client: as it was said, or what became of it. */
function changes(
  said: FakeAnswer | undefined,
  back: ChatRequest['messages'][number],
  keepsReasoning: boolean,
): string[] {
  const before = (said?.toolCalls ?? []).map(({ id, name, arguments: given }) => ({ id, name, given }))
  const now = (back.tool_calls ?? []).map((call) => {
    return { id: call.id, name: call.function.name, given: parsed(call.function.arguments) }
  })
  const problems: string[] = []
  if (!isDeepStrictEqual(before, now)) {
    problems.push(`the calls ${JSON.stringify(before)} came back as ${JSON.stringify(now)}`)
  }
  const reasoning = joined(said?.reasoning)
  if (keepsReasoning && reasoning !== (back.reasoning_content ?? '')) {
    problems.push(`the reasoning ${JSON.stringify(reasoning)} came back as ${JSON.stringify(back.reasoning_content)}`)
  }
  const text = joined(said?.text)
  if (text !== textOf(back.content)) {
    problems.push(`the text ${JSON.stringify(text)} came back as ${JSON.stringify(back.content)}`)
  }
  return problems
}

function textOf(content: unknown): string {
  if (typeof content === 'string') return content
  return Array.isArray(content) ? content.map(({ text }: { text?: string }) => text ?? '').join('') : ''
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text // shown as it is
  }
}
