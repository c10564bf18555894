import { isRecord } from '@dragoman/core'

/** Something in a request besides its `model` that decides what is called. */
export interface Finding {
  /** `fallbacks[0].model` */
  readonly field: string
  readonly value: string
}

/** Fields of OpenRouter, LiteLLM and others that name models which may answer in place of `model`. */
const namingFields = [
  'models',
  'fallbacks',
  'fallback_models',
  'fallback_model',
  'default_fallbacks',
  'context_window_fallbacks',
  'context_window_fallback_dict',
  'content_policy_fallbacks',
  'route',
  'preset',
] as const

/** Deeper lists are no lists of names. */
const deepest = 4

const nothing: readonly Finding[] = []

/** Whether a body has a field that anything in here is about. Nearly none has, and every one is asked. */
export function isTelling(body: unknown): boolean {
  if (!isRecord(body)) return false
  for (const field in body) if (tellingFields.has(field) || field.startsWith('web_search')) return true
  return false
}

/** All names of models in a body, beside its `model`. */
export function namesIn(body: unknown): readonly Finding[] {
  if (!isRecord(body)) return nothing
  const found: Finding[] = []
  const collect = (value: unknown, field: string, depth: number) => {
    if (typeof value === 'string') found.push({ field, value })
    else if (depth === 0) found.push({ field, value: '' })
    else if (Array.isArray(value)) for (const [i, each] of value.entries()) collect(each, `${field}[${i}]`, depth - 1)
    else if (isRecord(value)) {
      // `{ model, ...settings }`, else from one name to others.
      if (typeof value.model === 'string') collect(value.model, `${field}.model`, depth - 1)
      else for (const [name, each] of Object.entries(value)) collect(each, `${field}.${name}`, depth - 1)
    }
  }
  for (const field of namingFields) {
    const value = body[field]
    // OpenRouter's `route: "fallback"` is no name.
    if (value === undefined || value === null || (field === 'route' && typeof value === 'string')) continue
    collect(value, field, deepest)
  }
  const extra = body.extra_body
  if (!isRecord(extra)) return found
  // Clients mean it to be poured into the body, and some upstreams do that.
  if (typeof extra.model === 'string') found.push({ field: 'extra_body.model', value: extra.model })
  for (const { field, value } of namesIn({ ...extra, extra_body: undefined })) {
    found.push({ field: `extra_body.${field}`, value })
  }
  return found
}

/** The first field of a body that has the service do more than answer: search the web, run code, call other servers. */
export function hostedToolIn(body: unknown): string | undefined {
  if (!isRecord(body)) return undefined
  for (const field in body) if (isHostedField(field) && isGiven(body[field])) return field
  // A prompt that the service keeps brings its own tools.
  if (isRecord(body.prompt) && 'id' in body.prompt) return 'prompt'
  return hostedAmong(body.tools, 'tools') ?? within(body.extra_body)
}

function within(extra: unknown): string | undefined {
  const field = isRecord(extra) ? hostedToolIn({ ...extra, extra_body: undefined }) : undefined
  return field && `extra_body.${field}`
}

const hostedFields = new Set(['plugins', 'search_parameters', 'enable_search', 'mcp_servers', 'container'])

const tellingFields: ReadonlySet<string> = new Set([...namingFields, ...hostedFields, 'extra_body', 'prompt', 'tools'])

function isHostedField(field: string): boolean {
  return hostedFields.has(field) || field.startsWith('web_search')
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null && value !== false && !(Array.isArray(value) && value.length === 0)
}

function hostedAmong(tools: unknown, field: string): string | undefined {
  if (!Array.isArray(tools)) return undefined
  for (const [i, tool] of tools.entries()) {
    if (!isRecord(tool)) continue
    if (tool.type === 'namespace') {
      const member = hostedAmong(tool.tools, `${field}[${i}].tools`)
      if (member) return member
    } else if (!isClientTool(tool)) return `${field}[${i}].type`
  }
  return undefined
}

/** Those that only ask the client to do something, and those that look through the tools that were declared. */
const clientTools = new Set([
  'function',
  'custom',
  'local_shell',
  'apply_patch',
  'computer',
  'computer-preview',
  'computer_use_preview',
  'tool_search',
])
const datedClientTools = /^(bash|text_editor|computer|memory|tool_search_tool_(regex|bm25))_\d{8}$/

function isClientTool({ type, environment }: Readonly<Record<string, unknown>>): boolean {
  if (type === undefined || type === null) return true
  if (typeof type !== 'string') return false
  if (type === 'shell') return isRecord(environment) && environment.type === 'local'
  return clientTools.has(type) || datedClientTools.test(type)
}

/** Whether a model's name has OpenRouter search the web. */
export function asksForSearch(model: string): boolean {
  return /:online(:|$)/i.test(model)
}
