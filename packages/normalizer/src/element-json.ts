import { escapeJson } from './json-string.ts'
import { coerce, streamsAsString, typesOf } from './schema.ts'
import { partOfSchema } from './schema-part.ts'
import { propertyOf } from './tool.ts'

export type JsonSchema = Readonly<Record<string, unknown>>

/** An element of markup, by its places in the raw text of the outermost one. */
export interface Element {
  readonly name: string
  /** Before its opening tag, and behind it. */
  readonly from: number
  readonly start: number
  /** Before its closing tag, and behind it. */
  end: number
  to: number
  readonly children: Element[]
}

/**
 * The JSON of an element: children make an object, `item` children or a schema that wants one an array, text is typed by
 * the schema. Text beside children cannot be told in JSON: then all of the element is a string, tags included.
 */
export function elementToJson(element: Element, raw: string, schema: unknown, root: unknown): string {
  const { children } = element
  const text = raw.slice(element.start, element.end)
  const types = typesOf(schema, root)
  const isTyped = partOfSchema(schema, root, ({ type, enum: values }) => type ?? values) !== undefined
  const wantsArray = types.has('array') && !types.has('object')
  if (children.length === 0) {
    if (text.trim() === '' && !types.has('string')) {
      if (types.has('array')) return '[]'
      if (types.has('object')) return '{}'
    }
    const json = coerce(text, schema, root)
    return wantsArray && !types.has('string') && !json.startsWith('[') && json !== 'null'
      ? `[${coerce(text, itemsOf(schema, root), root)}]`
      : json
  }
  if ((isTyped && streamsAsString(types)) || hasText(element, raw)) return `"${escapeJson(text)}"`
  const areItems = children.every(({ name }) => name === 'item')
  if (wantsArray || (areItems && (!isTyped || types.has('array')))) {
    const items = itemsOf(schema, root)
    const isOneItem = !areItems && children.every(({ name }) => memberOf(items, root, name) !== undefined)
    if (isOneItem) return `[${objectOf(children, raw, items, root)}]`
    return `[${children.map((child) => elementToJson(child, raw, items, root)).join()}]`
  }
  return objectOf(children, raw, schema, root)
}

function objectOf(children: readonly Element[], raw: string, schema: unknown, root: unknown): string {
  const byName = new Map<string, Element[]>()
  for (const child of children) {
    const others = byName.get(child.name)
    if (others) others.push(child)
    else byName.set(child.name, [child])
  }
  const members = [...byName].map(([name, elements]) => {
    const member = memberOf(schema, root, name)
    const [first] = elements
    const items = itemsOf(member, root) ?? member
    const json =
      first && elements.length === 1
        ? elementToJson(first, raw, member, root)
        : `[${elements.map((element) => elementToJson(element, raw, items, root)).join()}]`
    return `"${escapeJson(name)}":${json}`
  })
  return `{${members.join()}}`
}

export function itemsOf(schema: unknown, root: unknown): unknown {
  return partOfSchema(schema, root, ({ items }) => items)
}

function memberOf(schema: unknown, root: unknown, name: string): unknown {
  return partOfSchema(schema, root, (part) => propertyOf(part, name))
}

function hasText({ start, end, children }: Element, raw: string): boolean {
  let at = start
  for (const { from, to } of children) {
    if (raw.slice(at, from).trim() !== '') return true
    at = to
  }
  return raw.slice(at, end).trim() !== ''
}
