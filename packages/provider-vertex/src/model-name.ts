/** A model of Vertex by the id that is sent, and what its name tells of it. */
export interface VertexModel {
  /** `publisher/model`. */
  readonly id: string
  readonly gemini: GeminiTraits | undefined
}

export interface GeminiTraits {
  /** Takes `thinking_config`. */
  readonly thinks: boolean
  /** From Gemini 3 on in levels, before that in tokens. */
  readonly thinksInLevels: boolean
  readonly hasMediumLevel: boolean
  readonly isPro: boolean
  readonly isLite: boolean
  /** Refuses a function call of its own that comes back without its signature. */
  readonly needsSignatures: boolean
}

export function readModel(name: string): VertexModel {
  const id = /^gemini-/i.test(name) ? `google/${name}` : name
  return { id, gemini: readGemini(id) }
}

function readGemini(id: string): GeminiTraits | undefined {
  const [, major, minor = '0', rest = ''] = /^google\/gemini-(\d+)(?:\.(\d+))?(.*)$/i.exec(id) ?? []
  if (major === undefined) return undefined
  const generation = Number(`${major}.${minor}`)
  const isPro = /-pro\b/.test(rest)
  const isSpecial = /image|tts|audio|live|embedding/.test(rest)
  return {
    thinks: generation >= 2.5 && !isSpecial,
    thinksInLevels: generation >= 3,
    hasMediumLevel: !(isPro && generation === 3),
    isPro,
    isLite: /-lite\b/.test(rest),
    needsSignatures: generation >= 3 && !/image/.test(rest),
  }
}

/** Images are ignored without a word by those that do not see. */
const seeing = /^google\/(?!gemma-[12]\b)|\/llama-4|vision|[-/]vl\b|-vl-|-ocr\b/i

export function seesImages(id: string, known: readonly string[]): boolean {
  return known.includes(id) || seeing.test(id)
}

/** Model Garden, "Kimi K2 Thinking": not in any region. */
const onlyGlobal: readonly RegExp[] = [/^moonshotai\/kimi-k2-thinking-maas$/]

export function isOnlyGlobal(id: string): boolean {
  return onlyGlobal.some((pattern) => pattern.test(id))
}

/** There is no list to ask for. */
export const knownModels: readonly string[] = [
  'google/gemini-3-pro-preview',
  'google/gemini-2.5-pro',
  'google/gemini-2.5-flash',
  'moonshotai/kimi-k2-thinking-maas',
  'minimaxai/minimax-m2-maas',
  'openai/gpt-oss-120b-maas',
  'qwen/qwen3-coder-480b-a35b-instruct-maas',
]
