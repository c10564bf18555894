import { recordOf } from './record-of.ts'

/** How a model writes, for `createMarkupParser`, `normalizeStream` and `normalizeCompletion`. */
export interface Profile {
  /** A name for `formatByName`. */
  readonly format: string
  readonly startsIn: 'text' | 'reasoning' | 'auto'
  readonly repairToolNames?: 'schema'
}

/** One row of the table: the first whose pattern is found in a model's name counts. */
export interface ProfileRule {
  /** Searched in the last segment of the name, in lower case, with `-` for `_`. */
  readonly pattern: RegExp
  readonly format: string
  /**
   * When the chat template has already opened the reasoning, so that the text starts inside it: never, always, or where
   * thinking is on, which it is (`on`) or is not (`off`) when the request does not say.
   */
  readonly opens?: 'never' | 'always' | 'on' | 'off'
  readonly repairToolNames?: 'schema'
}

/** What a request may say about thinking. The fields of all services; each is read where it is present. */
export interface ThinkingRequest {
  readonly thinking?: unknown
  readonly enable_thinking?: unknown
  readonly chat_template_kwargs?: unknown
  readonly reasoning?: unknown
  readonly reasoning_effort?: unknown
}

/**
 * How the model of that name writes; undefined for one that is not known.
 *
 * Names are taken as services spell them: `moonshotai/Kimi-K2-Thinking`, `accounts/fireworks/models/glm-4p6`,
 * `qwen3:30b-a3b`, `us.deepseek.r1-v1:0`. Own `rules` go before the table.
 */
export function profileOf(
  model: string,
  {
    request,
    rules = [],
  }: { readonly request?: ThinkingRequest | undefined; readonly rules?: readonly ProfileRule[] } = {},
): Profile | undefined {
  const name = plainName(model)
  const rule = rules.find(({ pattern }) => pattern.test(name)) ?? knownRule(name)
  if (!rule) return undefined
  const { format, opens = 'never', repairToolNames } = rule
  const isHybrid = opens === 'on' || opens === 'off'
  const isOpen = isHybrid ? (thinkingOf(request) ?? opens === 'on') : opens === 'always'
  return { format, startsIn: isOpen ? 'reasoning' : 'text', ...(repairToolNames && { repairToolNames }) }
}

/** Requests name models, so a name may be anything. */
const longestName = 300

function plainName(model: string): string {
  const last = model.slice(model.lastIndexOf('/') + 1)
  // Fireworks writes 4.6 as 4p6.
  return last
    .slice(0, longestName)
    .toLowerCase()
    .replaceAll('_', '-')
    .replace(/(\d)p(?=\d)/g, '$1.')
}

/** Whether a request asks for thinking; undefined where it does not say. */
function thinkingOf(request: ThinkingRequest = {}): boolean | undefined {
  const { thinking, enable_thinking, reasoning_effort } = request
  const inTemplate = recordOf(request.chat_template_kwargs)
  const reasoning = recordOf(request.reasoning)
  for (const said of [enable_thinking, thinking, inTemplate.enable_thinking, inTemplate.thinking, reasoning.enabled]) {
    if (typeof said === 'boolean') return said
    const { type } = recordOf(said)
    if (typeof type === 'string') return type !== 'disabled'
  }
  const effort = reasoning.effort ?? reasoning_effort
  return typeof effort === 'string' ? effort !== 'none' : undefined
}

function knownRule(name: string): ProfileRule | undefined {
  const row = table.find(([pattern]) => pattern.test(name))
  if (!row) return undefined
  const [pattern, format, opens = 'never'] = row
  // Kimi's vendors mangle names in ways that only the arguments resolve.
  return { pattern, format, opens, ...(format === 'kimi_k2' && { repairToolNames: 'schema' }) }
}

// Formats are named, not imported: a bundle that needs one model's format does not get them all.
const table: readonly (readonly [pattern: RegExp, format: string, opens?: ProfileRule['opens']])[] = [
  [/kimi-?k3/, 'kimi_k3'],
  [/kimi-?(vl|dev)/, 'kimi_vl'],
  [/kimi.*thinking/, 'kimi_k2', 'always'],
  [/kimi-?k2\.[5-9]|kimi-for-coding/, 'kimi_k2', 'on'],
  [/kimi/, 'kimi_k2'],

  [/deepseek.*r1/, 'deepseek_r1', 'always'],
  [/deepseek.*v3[.-](1\b|2-exp)/, 'deepseek_v3_1', 'off'],
  [/deepseek.*speciale|deepseek-reasoner/, 'deepseek_dsml', 'always'],
  [/deepseek.*v(3[.-]2|[4-9])|deepseek-chat/, 'deepseek_dsml', 'off'],
  [/deepseek.*v(2\.5|3)/, 'deepseek_r1'],

  [/hermes/, 'hermes'],
  [/nemotron-?[3h]\b/, 'qwen3_coder', 'on'],
  [/nemotron.*v2/, 'nemotron', 'on'],
  [/apriel/, 'apriel', 'always'],
  [/nemotron/, 'nemotron'],
  [/toolace/, 'pythonic'],
  [/xlam/, 'xlam'],

  [/qwen-?3-coder/, 'qwen3_coder'],
  [/qwen-?(3\.[5-9]|[4-9](?!\d*b))/, 'qwen3_coder', 'on'],
  [/qwq|qwen-?3.*thinking/, 'hermes', 'always'],
  [/qwen/, 'hermes'],

  [/glm-?(4[.-][7-9]|[5-9])(?!\d*b)/, 'glm', 'on'],
  [/glm-?4[.-][56](?!\d*b)|spark-?2\.5/, 'glm'],
  [/\bling-?3/, 'glm', 'off'],
  [/\b[rl]ing-/, 'hermes'],

  [/minimax-?m1/, 'minimax_m1'],
  [/minimax-?m2/, 'minimax_m2', 'always'],
  [/minimax-?m3/, 'minimax_m3'],

  [/(mi|magi|mini|dev|code)stral|(pix|vox|mix)tral/, 'mistral'],
  [/llama-?4/, 'llama4_pythonic'],
  [/llama-?3[.-][1-3]\b/, 'llama_json'],
  [/lfm-?2/, 'lfm2'],
  [/olmo-?3.*think/, 'olmo3', 'always'],
  [/olmo-?3/, 'olmo3'],
  [/function-?gemma/, 'function_gemma'],
  [/gemma-?4/, 'gemma4'],
  [/gemma-?3/, 'gemma3'],
  [/gpt-oss/, 'harmony'],
  [/command-a(.*(reasoning|plus)|\+)/, 'cohere', 'on'],
  [/command-(r7b|a)/, 'cohere'],

  [/granite.*20b-?(fc|functioncalling)/, 'granite_20b_fc'],
  [/granite-?3\.0/, 'granite_3_0'],
  [/granite-?3\.[12]/, 'granite_3_1'],
  [/granite/, 'granite'],

  [/hunyuan-?a13b/, 'hunyuan'],
  [/hunyuan|\bhy-?[34]/, 'hunyuan_v3'],
  [/seed-oss/, 'seed_oss', 'on'],
  [/phi-?4.*reasoning|holo-?2/, 'reasoning'],
  [/phi-?4-mini/, 'phi4_mini'],
  [/skywork/, 'reasoning', 'always'],
  [/intern-?s1|internlm/, 'internlm'],
  [/step-?3\.5/, 'qwen3_coder', 'always'],
  [/step-?3/, 'step3', 'always'],
  [/ernie.*(thinking|x1)/, 'ernie', 'always'],
  [/ernie/, 'ernie'],
  [/mimo-?v2/, 'qwen3_coder', 'off'],
  [/mimo|solar|trinity/, 'hermes'],
  [/exaone-?4/, 'hermes', 'off'],
  [/longcat.*thinking/, 'longcat', 'always'],
  [/longcat/, 'longcat', 'off'],
  [/k2-?think/, 'k2_think'],
  [/k2-?horizon/, 'k2_horizon'],
  [/jamba/, 'jamba'],
  [/apertus/, 'apertus'],
]
