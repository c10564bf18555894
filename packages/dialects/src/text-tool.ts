/** A tool that takes plain text, as a function of one argument: for services that know functions only. */
export const textToolSchema = {
  type: 'object',
  properties: { input: { type: 'string', description: 'The whole input of the tool, as plain text.' } },
  required: ['input'],
  additionalProperties: false,
} as const

interface Grammar {
  readonly syntax?: string | null | undefined
  readonly definition?: string | null | undefined
}

/** The grammar of such a tool is told in words: a schema cannot hold it. Undefined where there is nothing to tell. */
export function describeTextTool(
  description: string | null | undefined,
  grammar: Grammar | null | undefined,
): string | undefined {
  const rule = grammar?.definition
    ? `The input must follow this ${grammar.syntax ?? 'lark'} grammar:\n${grammar.definition}`
    : ''
  return [description, rule].filter(Boolean).join('\n\n') || undefined
}
