import { isRecord } from './is-record.ts'

/** A tool as OpenAI's chat requests declare it. Only these fields are read. */
export interface ToolDefinition {
  readonly type: 'function'
  readonly function: {
    readonly name: string
    readonly description?: string | null | undefined
    /** JSON Schema; anything that is none counts as no schema. */
    readonly parameters?: unknown
  }
}

/** The declared tools by name. Lists come from clients unchecked: what is no tool is left out, of equal names the first counts. */
export class ToolSet {
  readonly #byName = new Map<string, ToolDefinition>()
  readonly list: readonly ToolDefinition[]

  constructor(tools: readonly ToolDefinition[] | undefined) {
    for (const tool of Array.isArray(tools) ? tools : []) {
      const name: unknown = tool?.function?.name
      if (typeof name === 'string' && name !== '' && !this.#byName.has(name)) this.#byName.set(name, tool)
    }
    this.list = [...this.#byName.values()]
  }

  has(name: string): boolean {
    return this.#byName.has(name)
  }

  /** The schema of the arguments; undefined where the tool or its schema is not declared. */
  schemaOf(name: string): Readonly<Record<string, unknown>> | undefined {
    const schema = this.#byName.get(name)?.function.parameters
    return isRecord(schema) ? schema : undefined
  }
}

/** The schema of one parameter, undefined where there is none. */
export function propertyOf(schema: Readonly<Record<string, unknown>> | undefined, key: string): unknown {
  const properties = schema?.properties
  return isRecord(properties) && Object.hasOwn(properties, key) ? properties[key] : undefined
}
