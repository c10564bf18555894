import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml'
import { ConfigError } from './config-error.ts'

export interface ConfigDocument {
  readonly value: unknown
  /** The line on which a setting stands, counted from 1; for one that is missing, of what it is missing in. */
  lineOf(path: readonly PropertyKey[]): number
}

/** Parses YAML 1.2. Throws a `ConfigError` that says where it is broken, without quoting the file: it may hold secrets. */
export function readDocument(text: string, file: string): ConfigDocument {
  const lineCounter = new LineCounter()
  // Errors are written below: the parser's own show the line, and on it perhaps a key.
  const document = parseDocument(text, { lineCounter, merge: true, prettyErrors: false, logLevel: 'error' })
  const at = (offset: number) => lineCounter.linePos(offset)

  // The first only: what follows it is mostly the parser finding its way back.
  const fault = document.errors[0] ?? document.warnings[0]
  if (fault) {
    const { line, col } = at(fault.pos[0])
    const isFlowReference = /[[{,:]\s*\$\{/.test(text.split('\n')[line - 1] ?? '')
    const remedy = isFlowReference ? `; inside [ ] and { } put quotes around '\${NAME}'` : ''
    throw new ConfigError([`${file}:${line}:${col}: this is not YAML: ${withoutSource(fault.message)}${remedy}`])
  }
  const lineOf = (path: readonly PropertyKey[]): number => {
    let node: unknown = document.contents
    let offset = startOf(node) ?? 0
    for (const key of path) {
      if (isAlias(node)) node = node.resolve(document)
      let place: unknown
      if (isMap(node)) {
        const pair = node.items.find((item) => String(isScalar(item.key) ? item.key.value : item.key) === String(key))
        node = pair?.value
        place = pair?.key
      } else {
        node = isSeq(node) ? node.items[Number(key)] : undefined
        place = node
      }
      const start = startOf(place)
      if (start === undefined) break
      offset = start
    }
    return at(offset).line
  }

  try {
    const value: unknown = document.toJS()
    if (!isTree(value, maxDepth)) {
      throw new ConfigError([`${file}: is nested too deep, or an alias stands in what it refers to`])
    }
    return { value, lineOf }
  } catch (error) {
    if (error instanceof ConfigError) throw error
    // An alias without its anchor, or so many aliases that they can only be meant to fill the memory.
    const message = error instanceof Error ? withoutSource(error.message) : 'an alias cannot be resolved'
    throw new ConfigError([`${file}: this is not YAML: ${message}`])
  }
}

const maxDepth = 64

function isTree(value: unknown, depthLeft: number): boolean {
  if (typeof value !== 'object' || value === null) return true
  return depthLeft > 0 && Object.values(value).every((part) => isTree(part, depthLeft - 1))
}

function startOf(node: unknown): number | undefined {
  if (typeof node !== 'object' || node === null || !('range' in node) || !Array.isArray(node.range)) return undefined
  return Number(node.range[0])
}

/** Some messages end in a piece of the file: `Unexpected scalar token in YAML stream: "sk-..."`. */
function withoutSource(message: string): string {
  return message.split(/(?<=\S)[:;] /)[0] ?? ''
}
