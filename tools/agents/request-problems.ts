/** What the checks read of a request; the rest may be anything. */
export interface ChatRequest {
  readonly messages: readonly {
    readonly role: string
    readonly content?: unknown
    readonly reasoning_content?: string
    readonly tool_calls?: readonly { readonly id: string; readonly function: { name: string; arguments: string } }[]
    readonly tool_call_id?: string
  }[]
  readonly tools?: readonly { readonly type: string; readonly function: { name: string; parameters?: unknown } }[]
}

/** All that OpenAI's Chat Completions knows; a strict service refuses anything else. */
const fields = new Set(
  `audio frequency_penalty function_call functions logit_bias logprobs max_completion_tokens max_tokens messages metadata
  modalities model moderation n parallel_tool_calls prediction presence_penalty prompt_cache_key prompt_cache_options
  prompt_cache_retention reasoning_effort response_format safety_identifier seed service_tier stop store stream
  stream_options temperature tool_choice tools top_logprobs top_p user verbosity web_search_options`.split(/\s+/),
)

const roles = new Set(['system', 'developer', 'user', 'assistant', 'tool'])

/** What a strict service of OpenAI's form would refuse. */
export function requestProblems(request: ChatRequest): string[] {
  return [
    ...Object.keys(request).flatMap((field) => (fields.has(field) ? [] : [`unknown field ${field}`])),
    ...toolProblems(request.tools ?? []),
    ...request.messages.flatMap((message, i) => messageProblems(message, `messages[${i}]`)),
    ...pairingProblems(request.messages),
  ]
}

function toolProblems(tools: NonNullable<ChatRequest['tools']>): string[] {
  const seen = new Set<string>()
  return tools.flatMap(({ type, function: tool }, i) => {
    if (type !== 'function') return [`tools[${i}] is of the type ${type}`]
    const { name, parameters } = tool
    const problems: string[] = []
    if (!/^[\w-]{1,64}$/.test(name)) problems.push(`tools[${i}] has the name ${JSON.stringify(name)}`)
    if (seen.has(name)) problems.push(`two tools are called ${name}`)
    seen.add(name)
    const isSchema = typeof parameters === 'object' && parameters !== null && 'type' in parameters
    if (parameters !== undefined && !(isSchema && parameters.type === 'object')) {
      problems.push(`the parameters of ${name} are no schema of an object`)
    }
    return problems
  })
}

function messageProblems({ role, content, tool_calls }: ChatRequest['messages'][number], path: string): string[] {
  if (!roles.has(role)) return [`${path} has the role ${role}`]
  const isEmpty =
    content === null || content === undefined || content === '' || (Array.isArray(content) && !content.length)
  return isEmpty && !tool_calls?.length && role !== 'tool' ? [`${path} is empty`] : []
}

/** Each call is answered once, right behind the message that made it. */
function pairingProblems(messages: ChatRequest['messages']): string[] {
  const problems: string[] = []
  let open: string[] = []
  for (const [i, { role, tool_calls, tool_call_id = '' }] of messages.entries()) {
    if (role === 'tool') {
      if (!open.includes(tool_call_id)) problems.push(`messages[${i}] answers ${tool_call_id}, which is not open`)
      open = open.filter((id) => id !== tool_call_id)
      continue
    }
    if (open.length > 0) problems.push(`no answer to ${open.join(', ')} before messages[${i}]`)
    open = (tool_calls ?? []).map(({ id }) => id)
  }
  if (open.length > 0) problems.push(`no answer to ${open.join(', ')}`)
  return problems
}
