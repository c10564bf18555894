import { isOwnName } from '../model-variant.ts'

/** What kind of chat the site opens for a request. */
export type ChatType = 't2t' | 'search' | 't2i' | 'image_edit' | 't2v' | 'deep_research'

export interface Variant {
  /** As the site knows it. */
  readonly model: string
  readonly chatType: ChatType
  readonly thinks: boolean
}

/** The endings of names, longest first. */
const endings: readonly (readonly [ending: string, chatType: ChatType, thinks: boolean])[] = [
  ['-thinking-search', 'search', true],
  ['-deep-research', 'deep_research', false],
  ['-image_edit', 'image_edit', false],
  ['-image-edit', 'image_edit', false],
  ['-thinking', 't2t', true],
  ['-search', 'search', false],
  ['-image', 't2i', false],
  ['-video', 't2v', false],
]

/** Names of the first days of the site, for what took their place. */
const aliases: Readonly<Record<string, string>> = {
  'qwen-max-latest': 'qwen-max',
  'qwen-max-0428': 'qwen-max',
  'qwen-plus-latest': 'qwen-plus',
  'qwen-turbo-latest': 'qwen-turbo',
  qwen: 'qwen-max',
}

/** Coders that an account without them is served by this one. */
const withoutCoder: Readonly<Record<string, string>> = {
  'qwen3-coder-plus': 'qwen-plus',
  'qwen-coder-plus': 'qwen-plus',
}

/** @param listed the ids of the account, where they are known: what is one of them is taken at its word */
export function readVariant(name: string, listed: ReadonlySet<string> | undefined): Variant {
  const isListed = (id: string) => listed?.has(id) ?? false
  const found = isListed(name) ? undefined : endings.find(([ending]) => name.endsWith(ending))
  // `-thinking` of open weights is part of their name; the site's other endings are of no model.
  const own = found?.[2] === true && found[1] === 't2t' && isOwnName(name)
  const [ending, chatType, thinks] = found && !own ? found : (['', 't2t', false] as const)
  const model = ending === '' ? name : name.slice(0, -ending.length)
  if (isListed(model)) return { model, chatType, thinks }
  return { model: aliases[model] ?? (listed ? withoutCoder[model] : undefined) ?? model, chatType, thinks }
}
