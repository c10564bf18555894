import type { AnswerReader } from '@dragoman/core'
import type { ChatCompletionRequest } from '@dragoman/openai-schema'
import type { UpstreamDialect, WrittenRequest } from '../dialect.ts'
import { Renames } from '../renames.ts'
import { MessageReader } from './message-reader.ts'
import type { MessagesOptions } from './messages-options.ts'
import { writeBody } from './write-request.ts'

/** Anthropic Messages, as upstreams speak it. Source: Anthropic's API reference, "Create a Message" and "Streaming". */
export const messagesUpstream: UpstreamDialect<MessagesOptions> = {
  id: 'anthropic-messages',
  writeRequest(request: ChatCompletionRequest, options: MessagesOptions = {}): WrittenRequest {
    const names = new Renames(/^[a-zA-Z0-9_-]{1,128}$/, 128)
    const { body, dropped } = writeBody(request, options, names)
    const custom = new Set<string>()
    for (const tool of request.tools ?? []) if (tool.type === 'custom') custom.add(tool.custom.name)
    const tools = {
      read: (name: string) => names.read(name),
      isCustom: (name: string) => custom.has(names.read(name)),
    }
    return { body, dropped, reader: () => new MessageReader(tools) }
  },
}

/** Reads an answer of the dialect that no request of ours was written for, such as one that is relayed. */
export function messagesReader(): AnswerReader {
  return new MessageReader({ read: (name) => name, isCustom: () => false })
}
