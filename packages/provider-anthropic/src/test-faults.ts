/** What a request of Messages is, as far as the fake looks at it. */
interface Sent {
  readonly model: string
  readonly max_tokens?: number
  readonly messages: readonly { readonly role: string; readonly content: string | readonly Block[] }[]
  readonly temperature?: number
  readonly top_p?: number
  readonly top_k?: number
  readonly stop_sequences?: readonly string[]
  readonly tools?: readonly {
    readonly type?: string
    readonly name: string
    readonly input_schema?: { type?: string }
  }[]
  readonly tool_choice?: { readonly type: string }
  readonly thinking?: { readonly type: string; readonly budget_tokens?: number }
  readonly output_config?: { readonly effort?: string }
}

interface Block {
  readonly type: string
  readonly text?: string
  readonly thinking?: string
  readonly signature?: string
  readonly id?: string
  readonly input?: unknown
  readonly tool_use_id?: string
}

/** What the fake signs thinking with, and takes back. */
export const signatureOf = (thinking = ''): string => `sig:${Buffer.from(thinking).toString('base64')}`

const documented = new Set(
  `model max_tokens messages system temperature top_p top_k stop_sequences stream tools tool_choice thinking
  output_config metadata service_tier cache_control`.split(/\s+/),
)

export function faultOfCount(body: Sent): string | undefined {
  for (const field of ['max_tokens', 'stream']) if (field in body) return `${field}: Extra inputs are not permitted`
  return faultOf({ ...body, max_tokens: 100_000 })
}

/** The first thing that the API would answer 400 to. */
export function faultOf(body: Sent): string | undefined {
  const unknown = Object.keys(body).find((field) => !documented.has(field))
  if (unknown) return `${unknown}: Extra inputs are not permitted`
  if (!Number.isInteger(body.max_tokens)) return 'max_tokens: Field required'
  if ((body.temperature ?? 0) > 1) return 'temperature: range: 0..1'
  if ('temperature' in body && 'top_p' in body) return 'temperature and top_p cannot both be specified'
  if (body.stop_sequences?.some((text) => text.trim() === '')) return 'stop_sequences: must contain non-whitespace'
  return faultOfThinking(body) ?? faultOfTools(body) ?? faultOfMessages(body)
}

function faultOfThinking({ model, thinking, max_tokens = 0, output_config, ...body }: Sent): string | undefined {
  const isNew = /^claude-[a-z]+-(4-[78]|5|5-5)$/.test(model)
  const samples = ['temperature', 'top_p', 'top_k'].some((field) => field in body)
  if (isNew && samples) return 'temperature is deprecated for this model'
  if (isNew && thinking?.type === 'enabled') return '"thinking.type.enabled" is not supported for this model'
  if (/fable|mythos|-5-5$/.test(model) && thinking?.type === 'disabled')
    return '"thinking.type.disabled" is not supported'
  if (!isNew && thinking?.type === 'adaptive' && !/-4-6$/.test(model)) return 'adaptive thinking is not supported'
  if (/-4-6$/.test(model) && output_config?.effort === 'xhigh') return 'output_config.effort: xhigh is not supported'
  if (/-5$/.test(model) && isNew && thinking?.type === 'disabled' && /xhigh|max/.test(output_config?.effort ?? '')) {
    return 'output_config.effort: not supported with thinking disabled'
  }
  if (thinking?.type === 'enabled') {
    if ((thinking.budget_tokens ?? 0) < 1024)
      return 'thinking.budget_tokens: Input should be greater than or equal to 1024'
    if ((thinking.budget_tokens ?? 0) >= max_tokens) return 'max_tokens must be greater than thinking.budget_tokens'
    if (samples) return 'temperature may only be set to 1 when thinking is enabled'
  }
  const isOn = thinking ? thinking.type !== 'disabled' : /^claude-[a-z]+-5(-5)?$/.test(model)
  if (isOn && ['any', 'tool'].includes(body.tool_choice?.type ?? '')) {
    return 'Thinking may not be enabled when tool_choice forces tool use.'
  }
  return undefined
}

function faultOfTools({ tools = [] }: Sent): string | undefined {
  for (const [i, tool] of tools.entries()) {
    if (tool.type === 'function') return `tools.${i}: Input tag 'function' does not match any of the expected tags`
    if (!/^[a-zA-Z0-9_-]{1,128}$/.test(tool.name)) return `tools.${i}.name: String should match pattern`
    const isHosted = tool.type !== undefined && tool.type !== 'custom'
    if (!isHosted && tool.input_schema?.type !== 'object') return `tools.${i}.input_schema.type: Field required`
  }
  return undefined
}

function faultOfMessages({ messages, thinking }: Sent): string | undefined {
  let awaited: (string | undefined)[] = []
  const seen = new Set<string | undefined>()
  for (const [i, { role, content }] of messages.entries()) {
    const at = `messages.${i}`
    if (role !== (i % 2 === 0 ? 'user' : 'assistant')) return `${at}: roles must alternate`
    const blocks: readonly Block[] = typeof content === 'string' ? [{ type: 'text', text: content }] : content
    const results = blocks.filter(({ type }) => type === 'tool_result').map(({ tool_use_id }) => tool_use_id)
    if (blocks.slice(0, results.length).some(({ type }) => type !== 'tool_result')) return `${at}: tool_result first`
    if (results.toSorted().join() !== awaited.toSorted().join()) return `${at}: tool_use without tool_result`
    awaited = []
    for (const block of blocks) {
      if (block.type === 'text' && block.text?.trim() === '') return `${at}: text content blocks must be non-empty`
      if (block.type === 'thinking' && block.signature !== signatureOf(block.thinking)) {
        return `${at}: Invalid \`signature\` in \`thinking\` block`
      }
      if (block.type !== 'tool_use') continue
      if (!/^[a-zA-Z0-9_-]+$/.test(block.id ?? '') || seen.has(block.id)) return `${at}: tool_use.id`
      if (typeof block.input !== 'object') return `${at}: tool_use.input: Input should be a valid dictionary`
      seen.add(block.id)
      awaited.push(block.id)
    }
    const begins = blocks[0]?.type
    const isLastTurn = i >= messages.length - 2
    if (thinking?.type === 'enabled' && isLastTurn && awaited.length > 0 && !/thinking$/.test(begins ?? '')) {
      return `${at}.content.0.type: Expected \`thinking\` or \`redacted_thinking\`, but found \`${begins}\``
    }
  }
  return awaited.length > 0 ? 'tool_use without tool_result' : undefined
}
