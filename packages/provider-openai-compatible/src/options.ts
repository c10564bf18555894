import { DragomanError, type Endpoint, type Prefill } from '@dragoman/core'
import { z } from 'zod'
import { cacheMarks, otherMarks } from './cache-marks.ts'
import { endpoints } from './endpoints.ts'
import { type Demand, demands, type Preset } from './preset.ts'
import { presetIds, presets } from './presets.ts'
import type { Fields } from './record.ts'

const texts = z.record(z.string(), z.string())

/** Everything is optional but an address: `preset`, `baseUrl`, or both. A setting given here beats the preset's. */
export const options = z
  .strictObject({
    preset: z.enum(presetIds).describe('A service or local engine whose address and quirks are known.'),
    baseUrl: z
      .string()
      .refine(isBaseUrl, 'expected an http or https URL without a user, a query or a fragment')
      .describe("Address of the API, in place of the preset's. `/v1` is appended only when the URL has no path."),
    query: texts.describe("Query parameters of every request, such as Azure's `api-version`."),
    headers: texts.describe("Headers of every request, besides the credential's."),
    authHeader: z
      .string()
      .min(1)
      .describe('Header that carries the key: as `Bearer <key>` in `authorization` (the default), bare in any other.'),
    proxy: z.string().describe('Outgoing proxy of this provider: an `http:`, `https:` or `socks5:` URL.'),
    models: z.array(z.string()).describe('The models it serves. Without it the service is asked for its list.'),
    defaultModel: z
      .string()
      .describe(
        "What a server without a default model of its own takes as that, from the first provider that has one; a request to this provider is not changed. Default: the preset's.",
      ),

    endpoints: z
      .array(z.enum(endpoints))
      .describe(
        "What the service has besides chat, by its path under `/v1`. Default: the preset's; without a preset all but `completions`, which are then made of chats.",
      ),
    upstreamStream: z
      .enum(['auto', 'never', 'neverWithTools'])
      .describe(
        'Whether answers are streamed from the service. One that is not becomes chunks at once. Default: auto.',
      ),
    streamUsage: z
      .boolean()
      .describe(
        'Whether a stream is asked for its usage (`stream_options`, which some services refuse). Default: true.',
      ),
    conformant: z
      .boolean()
      .describe(
        "Whether the service's answers are in OpenAI's form to the letter: then clients that speak it get the bytes as they came, unrepaired. Default: the preset's, else no.",
      ),
    responses: z
      .boolean()
      .describe(
        "Whether the service has `/responses`, in OpenAI's form to the letter: then clients that speak Responses get the bytes as they came. Default: the preset's, else no.",
      ),
    api: z
      .enum(['chat', 'responses'])
      .describe(
        'By which of its interfaces the service is asked for chats: Chat Completions (the default) or Responses.',
      ),
    sendReasoningHistory: z
      .union([z.boolean(), z.enum(['reasoning_content', 'reasoning'])])
      .describe('Reasoning of earlier answers: sent as it came (the default), not at all, or under this one name.'),
    tokenLimitField: z
      .enum(['max_tokens', 'max_completion_tokens', 'asSent'])
      .describe('The name under which the service takes the token limit. Default: as the client sent it.'),
    toolsWithoutReasoning: z
      .array(z.string().min(1))
      .describe(
        "Models, by how their ids begin, that take tools only with `reasoning_effort: none`, besides the preset's. It is sent unless the client names an effort.",
      ),
    developerRole: z
      .enum(['keep', 'system'])
      .describe('Whether messages of the role `developer` keep it or become `system` messages (the default).'),
    dropFields: z
      .array(z.string().min(1))
      .describe("Fields the service refuses, besides the preset's: `seed`, `stream_options.x`, `messages[].name`."),
    cacheMarks: z
      .array(z.enum(cacheMarks))
      .describe(
        "Marks for prompt caching that the service takes; others are left out. Default: the preset's, else none for a hosted service, all for any other.",
      ),
    extraBody: z
      .record(z.string(), z.unknown())
      .describe('Fields added to every request that does not bring them, such as `chat_template_kwargs`.'),
    unsupported: z
      .array(z.enum(demands))
      .describe(
        "Demands the service cannot meet, besides the preset's. A request with one is refused before any call.",
      ),
  })
  .partial()
  .refine(({ preset, baseUrl }) => baseUrl !== undefined || (preset && presets[preset].baseUrl !== undefined), {
    path: ['baseUrl'],
    error: 'expected a baseUrl, or a preset that has one',
  })

export type OpenAICompatibleOptions = z.infer<typeof options>

/** What one entry under `credentials` may hold. Local engines need none. */
export const credential = z.strictObject({
  // Pasted keys bring spaces, line ends and invisible characters along, which no header can carry.
  apiKey: z
    .string()
    .regex(/^[\x21-\x7e]+$/, { error: 'expected a key without spaces or invisible characters' })
    .describe('The key of the service. Local engines need none.')
    .optional(),
})

/** The options with everything filled in. */
export interface Settings {
  /** For messages. */
  readonly name: string
  /** Without a slash at its end. */
  readonly baseUrl: string
  /** `?…`, or nothing. */
  readonly search: string
  readonly headers: Readonly<Record<string, string>>
  readonly authHeader: string
  readonly proxy: string | undefined
  readonly models: readonly string[] | undefined
  readonly modelPrefix: string
  /** Whether the list of models tells a good key from a bad one. */
  readonly canProbe: boolean
  readonly endpoints: readonly Endpoint[]
  readonly upstreamStream: 'auto' | 'never' | 'neverWithTools'
  readonly streamUsage: boolean
  readonly conformant: boolean
  readonly responses: boolean
  readonly api: 'chat' | 'responses'
  /** A known service, not an engine of one's own. */
  readonly isHosted: boolean
  readonly sendReasoningHistory: boolean | 'reasoning_content' | 'reasoning'
  readonly tokenLimitField: 'max_tokens' | 'max_completion_tokens' | 'asSent'
  readonly toolsWithoutReasoning: readonly string[]
  readonly developerRole: 'keep' | 'system'
  readonly dropFields: readonly string[]
  /** Where marks for prompt caching may stand that the service does not take. */
  readonly refusedMarks: readonly string[]
  readonly extraBody: Fields
  readonly unsupported: readonly Demand[]
  readonly prefill: Prefill | undefined
}

/** Throws `invalid_request` where the options are not what the schema says: an importer may have bypassed the types. */
export function resolve(given: OpenAICompatibleOptions): Settings {
  const checked = options.safeParse(given)
  if (!checked.success) {
    throw new DragomanError('invalid_request', `openai-compatible: ${z.prettifyError(checked.error)}`)
  }
  const own = checked.data
  const preset: Partial<Preset> = own.preset ? presets[own.preset] : {}
  const isHosted = own.preset !== undefined && preset.local === undefined
  const taken = own.cacheMarks ?? preset.cacheMarks ?? (isHosted ? [] : cacheMarks)
  return {
    name: preset.name ?? 'The service',
    baseUrl: own.baseUrl === undefined ? (preset.baseUrl ?? '') : withVersion(own.baseUrl),
    search: own.query ? `?${new URLSearchParams(own.query)}` : '',
    headers: own.headers ?? {},
    authHeader: (own.authHeader ?? preset.authHeader ?? 'authorization').toLowerCase(),
    proxy: own.proxy,
    models: own.models ?? preset.models,
    modelPrefix: preset.modelPrefix ?? '',
    canProbe: preset.models === undefined && !preset.listIsPublic,
    endpoints: own.endpoints ?? preset.endpoints ?? [],
    upstreamStream: own.upstreamStream ?? preset.upstreamStream ?? 'auto',
    streamUsage: own.streamUsage ?? preset.streamUsage ?? true,
    conformant: own.conformant ?? preset.conformant ?? false,
    responses: own.responses ?? preset.responses ?? own.api === 'responses',
    api: own.api ?? 'chat',
    isHosted,
    sendReasoningHistory: own.sendReasoningHistory ?? preset.sendReasoningHistory ?? true,
    tokenLimitField: own.tokenLimitField ?? preset.tokenLimitField ?? 'asSent',
    toolsWithoutReasoning: [...(preset.toolsWithoutReasoning ?? []), ...(own.toolsWithoutReasoning ?? [])],
    developerRole: own.developerRole ?? preset.developerRole ?? 'system',
    dropFields: [...(preset.dropFields ?? []), ...(own.dropFields ?? [])],
    refusedMarks: otherMarks(taken),
    extraBody: own.extraBody ?? {},
    unsupported: [...(preset.unsupported ?? []), ...(own.unsupported ?? [])],
    prefill: preset.prefill,
  }
}

function isBaseUrl(text: string): boolean {
  const url = URL.parse(text)
  if (!url || !['http:', 'https:'].includes(url.protocol)) return false
  return url.username === '' && url.password === '' && url.search === '' && url.hash === ''
}

/** Addresses are written with and without `/v1`; one with any path is taken at its word. */
function withVersion(baseUrl: string): string {
  const { origin, pathname } = new URL(baseUrl)
  return pathname === '/' ? `${origin}/v1` : `${origin}${pathname.replace(/\/+$/, '')}`
}
