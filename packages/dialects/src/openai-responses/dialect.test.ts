import type { ChatCompletionRequest, Tool } from '@dragoman/openai-schema'
import { testDialect } from '@dragoman/testkit'
import { responsesClient } from './client.ts'
import type { ResponseObject } from './response-object.ts'
import { responsesUpstream } from './upstream.ts'

const body = {
  model: 'm',
  input: 'Hi',
  store: false,
  include: ['reasoning.encrypted_content'],
}

testDialect('openai-responses', {
  client: responsesClient,
  upstream: responsesUpstream,
  body,
  sayable,
  continued(answer) {
    const { output } = answer as ResponseObject
    const results = output.flatMap((item) =>
      item.type === 'function_call' ? [{ type: 'function_call_output', call_id: item.call_id, output: 'done' }] : [],
    )
    return { ...body, input: [{ role: 'user', content: 'Hi' }, ...output, ...results] }
  },
})

/** There is no `stop`, and strictness is always told: what is left out means no in Chat Completions and yes here. */
function sayable({ stop, ...request }: ChatCompletionRequest): ChatCompletionRequest {
  const { tools, response_format: format } = request
  const schema = format?.type === 'json_schema' ? format.json_schema : undefined
  return {
    ...request,
    ...(tools && { tools: tools.map(toldStrictness) }),
    ...(schema && {
      response_format: { type: 'json_schema', json_schema: { ...schema, strict: schema.strict ?? false } },
    }),
  }
}

function toldStrictness(tool: Tool): Tool {
  return tool.type === 'function'
    ? { ...tool, function: { ...tool.function, strict: tool.function.strict ?? false } }
    : tool
}
