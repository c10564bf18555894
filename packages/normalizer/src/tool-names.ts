import { isRecord } from './is-record.ts'
import { accepts } from './schema.ts'
import type { ToolSet } from './tool.ts'

/** The name of the declared tool that is surely meant by `written`; undefined where none is. */
export function mendToolName(written: string, tools: ToolSet): string | undefined {
  const name = written.trim()
  if (tools.has(name)) return name
  const bare = withoutPrefix(name)
  if (tools.has(bare)) return bare
  const folded = fold(bare)
  return onlyOne(tools, (declared) => fold(declared) === folded)
}

/** Whether a name is nothing but a number, as from a model that wrote its counter of calls in the name's place. */
export function isCounter(name: string): boolean {
  return /^\s*(?:functions[._:])?(?:call[_-]?)?\d+\s*$/i.test(name)
}

/** The only declared tool whose schema fits the arguments, given as JSON text; undefined where none or several do. */
export function toolNameByArguments(argumentsText: string, tools: ToolSet): string | undefined {
  let value: unknown
  try {
    value = JSON.parse(argumentsText)
  } catch {
    // Arguments that are no JSON fit no tool.
    return undefined
  }
  return onlyOne(tools, (declared) => fits(value, tools.schemaOf(declared)))
}

/** `functions.lookup` -> `lookup`: the namespace in which some templates list the tools. */
export function withoutPrefix(name: string): string {
  return name.startsWith('functions.') ? name.slice('functions.'.length) : name
}

function onlyOne(tools: ToolSet, isMeant: (name: string) => boolean): string | undefined {
  const meant = tools.list.filter((tool) => isMeant(tool.function.name))
  return meant.length === 1 ? meant[0]?.function.name : undefined
}

/** Stricter than the schema: a key that no property names speaks for another tool. */
function fits(value: unknown, schema: Readonly<Record<string, unknown>> | undefined): boolean {
  if (!isRecord(value)) return false
  const properties = isRecord(schema?.properties) ? schema.properties : {}
  if (Object.keys(value).some((key) => !Object.hasOwn(properties, key))) return false
  return schema === undefined || accepts(schema, value)
}

function fold(name: string): string {
  return name.toLowerCase().replace(/[-_.]/g, '_')
}
