import type { MarkupFormat } from './markup-format.ts'

// Remembered, because a parser compiles what it searches for once for each format.
const textOnly = new WeakMap<MarkupFormat, MarkupFormat>()
const tokensOnly = new WeakMap<MarkupFormat, MarkupFormat>()

/** For text beside calls that the upstream gives as such: reasoning is read, calls stay text. */
export function withoutCalls(format: MarkupFormat): MarkupFormat {
  return remembered(textOnly, format, () => ({ ...format, openers: [] }))
}

/** For reasoning that the upstream has separated: calls by special tokens only. Undefined where there are none to find. */
export function tokenCallsOnly(format: MarkupFormat): MarkupFormat | undefined {
  if (format.ignoresCallsInReasoning) return undefined
  const part = remembered(tokensOnly, format, () => ({
    ...format,
    openers: (format.openers ?? []).filter(({ isToken }) => isToken),
  }))
  return part.openers?.length ? part : undefined
}

function remembered(parts: WeakMap<MarkupFormat, MarkupFormat>, format: MarkupFormat, make: () => MarkupFormat) {
  let part = parts.get(format)
  if (!part) {
    part = make()
    parts.set(format, part)
  }
  return part
}
