import { type AnswerEncoder, completionToChunks, type DragomanError } from '@dragoman/core'
import type { ChatCompletion } from '@dragoman/openai-schema'
import type { ClientDialect, ReadOptions, ReadRequest } from '../dialect.ts'
import { Findings } from '../findings.ts'
import { errorBody } from './error-body.ts'
import { frame, MessageFrames } from './message-frames.ts'
import { MessageWriter, type WriterOptions } from './message-writer.ts'
import { readDisplay, readRequest } from './read-request.ts'
import { checkMessagesRequest } from './request-schema.ts'
import { WholeMessage } from './whole-message.ts'

/** Anthropic Messages, as clients speak it. Source: Anthropic's API reference, "Create a Message". */
export const messagesClient: ClientDialect = {
  id: 'anthropic-messages',
  readRequest(body: unknown, { seal }: ReadOptions = {}): ReadRequest {
    const checked = checkMessagesRequest(body)
    const findings = new Findings()
    const chat = readRequest(checked, seal, findings)
    const options: WriterOptions = {
      display: readDisplay(checked),
      seal,
      stopSequences: checked.stop_sequences ?? [],
    }
    return {
      chat,
      dropped: findings.dropped,
      relayOnly: findings.relayOnly,
      encoder: () => messageEncoder(options),
      whole: (completion) => wholeMessage(completion, options),
    }
  },
  errorBody,
}

const ping = frame({ type: 'ping' })

function messageEncoder(options: WriterOptions): AnswerEncoder {
  const frames = new MessageFrames()
  const writer = new MessageWriter(frames, options)
  let isBroken = false
  let isRelayed = false
  const errorFrame = (error: DragomanError) => frame({ ...errorBody(error) })
  /** The frames so far; behind them, once, why there will be no more. */
  const taken = () => {
    if (!writer.failure || isBroken) return frames.take()
    isBroken = true
    return frames.take() + errorFrame(writer.failure)
  }
  return {
    contentType: 'text/event-stream; charset=utf-8',
    chunk(chunk) {
      writer.push(chunk)
      return taken()
    },
    relayed() {
      isRelayed = true
    },
    heartbeat: () => (isBroken ? '' : ping),
    end() {
      if (isRelayed) return ''
      writer.end()
      const last = taken()
      return isBroken ? last : `${last}${frame({ type: 'message_stop' })}`
    },
    error: (error) => (isBroken ? '' : errorFrame(error)),
  }
}

function wholeMessage(completion: ChatCompletion, options: WriterOptions): object {
  const whole = new WholeMessage()
  const writer = new MessageWriter(whole, options)
  for (const chunk of completionToChunks(completion)) writer.push(chunk)
  writer.end()
  const message = whole.message()
  if (writer.failure) throw writer.failure
  return message ?? {}
}
