import type { ChatCompletionRequest } from '@dragoman/openai-schema'
import { testDialect } from '@dragoman/testkit'
import { messagesClient, messagesUpstream } from './index.ts'

const body = {
  model: 'm',
  max_tokens: 1000,
  thinking: { type: 'adaptive' },
  messages: [{ role: 'user', content: 'Hi' }],
}

testDialect('anthropic-messages', {
  client: messagesClient,
  upstream: {
    writeRequest: (request) =>
      messagesUpstream.writeRequest(request, { thinking: 'adaptive', forcedToolsWithThinking: true }),
  },
  body,
  sayable,
  continued: (answer) => {
    const { content } = answer as { content: { type: string; id?: string }[] }
    const results = content
      .filter(({ type }) => type === 'tool_use')
      .map(({ id }) => ({ type: 'tool_result', tool_use_id: id, content: 'done' }))
    return {
      ...body,
      messages: [...body.messages, { role: 'assistant', content }, { role: 'user', content: results }],
    }
  },
})

function sayable(request: ChatCompletionRequest): ChatCompletionRequest {
  const { temperature, tool_choice, ...rest } = request
  // Whether calls may be parallel is said together with the choice.
  const choice = tool_choice ?? (rest.parallel_tool_calls === false ? 'auto' : undefined)
  return {
    ...rest,
    // A model that thinks takes none.
    ...(temperature !== undefined && !rest.reasoning_effort && { temperature }),
    ...(choice && { tool_choice: choice }),
  }
}
