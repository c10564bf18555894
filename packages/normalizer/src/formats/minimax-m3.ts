import { type Element, elementToJson, itemsOf, type JsonSchema } from '../element-json.ts'
import { escapeJson } from '../json-string.ts'
import type { MarkupFormat, Reading } from '../markup-format.ts'
import { accept, type Cursor, markerSet, peek, skipSpace, type Waiting } from '../markup-lexer.ts'
import { attributeOf, readTag } from '../read-tagged-calls.ts'
import { TaggedArguments } from '../tagged-value.ts'
import { propertyOf } from '../tool.ts'

/** Stands before every tag, so that tags in values need no escapes. */
const separator = ']<]minimax[>['
const separators = markerSet(separator)

/** MiniMax M3: arguments are elements that bear their names, inside one another. */
export const minimaxM3: MarkupFormat = {
  name: 'minimax_m3',
  reasoning: [{ opener: '<mm:think>', closer: '</mm:think>' }],
  openers: [{ text: separator, isToken: true, read: readTagged }],
  endTokens: ['[e~['],
}

function* readTagged(reading: Reading): Waiting<boolean> {
  const { cursor } = reading
  const first = yield* readElementTag(cursor)
  if (first?.name === 'invoke') return (yield* readCall(reading, first)) || cursor.hasEnded
  if (first?.bare !== 'tool_call') return cursor.hasEnded
  reading.commit()
  if (first.isCloser) return true
  for (;;) {
    reading.hold()
    const tag = yield* readNext(cursor)
    if (tag?.name === '/tool_call') return true
    if (tag?.name === 'tool_call') continue
    if (tag?.name !== 'invoke' || !(yield* readCall(reading, tag))) return cursor.hasEnded
  }
}

/** Reads a call behind its tag; false where it has no name. */
function* readCall(reading: Reading, call: Tag): Waiting<boolean> {
  const { cursor } = reading
  const name = reading.startCall({ name: attributeOf(call.text) ?? '' })
  if (name === undefined) return false
  const members = new Members(reading, name)
  for (;;) {
    cursor.hold()
    const tag = yield* readNext(cursor)
    if (tag && !tag.isCloser && !isFrame(tag)) {
      cursor.drop()
      if (yield* readElement(reading, tag.bare, members)) continue
      reading.endCall('incomplete')
      return true
    }
    const isClosed = tag?.name === '/invoke'
    if (isClosed) cursor.drop()
    else cursor.rewind()
    members.close(isClosed)
    return true
  }
}

/** Reads an element behind its tag, and its closer; false where the text ended inside of it. */
function* readElement(reading: Reading, name: string, members: Members): Waiting<boolean> {
  const { cursor, maxHeld, maxDepth } = reading
  const root: Element = { name, from: 0, start: 0, end: 0, to: 0, children: [] }
  const open = [root]
  let raw = ''
  let isVerbatim = false
  const read = (text: string) => {
    if (isVerbatim) reading.arguments(escapeJson(text))
    else raw += text
  }
  members.begin(name)
  for (;;) {
    const { text, at } = cursor
    const isFound = separators.find(text, at)
    const end = isFound ? separators.index : text.length
    cursor.at = end
    read(text.slice(at, end))
    if (!isVerbatim && (raw.length > maxHeld || open.length > maxDepth)) {
      members.beginText(raw)
      isVerbatim = true
    }
    if (!isFound || separators.value === undefined) {
      if (!cursor.isOver) yield
      else {
        if (isVerbatim) read(text.slice(end))
        return false
      }
      continue
    }
    cursor.hold()
    const tag = yield* readNext(cursor)
    const from = raw.length
    if (!tag?.isCloser) {
      read(cursor.release())
      if (!tag || isVerbatim) continue
      const element = { name: tag.bare, from, start: raw.length, end: raw.length, to: raw.length, children: [] }
      open.at(-1)?.children.push(element)
      open.push(element)
      continue
    }
    const depth = (isVerbatim ? [root] : open).findLastIndex((element) => element.name === tag.bare)
    const isLast = depth === 0 || (depth < 0 && isFrame(tag))
    if (depth === 0) cursor.drop()
    else if (isLast) cursor.rewind()
    else read(cursor.release())
    const closed = isLast ? open : depth > 0 ? open.splice(depth) : []
    for (const element of closed) {
      element.end = from
      element.to = raw.length
    }
    if (closed.length > 1 || (isLast && depth < 0)) reading.repaired('missing-closer')
    if (!isLast) continue
    if (isVerbatim) members.endText()
    else members.end(root, raw)
    return true
  }
}

/** The arguments of a call. Elements of one name that follow one another make a list. */
class Members {
  readonly #reading: Reading
  readonly #values: TaggedArguments
  readonly #schema: JsonSchema | undefined
  #name = ''
  /** The JSON of the last element, alone or in a list, while it is not decided whether others of its name follow. */
  #last: ((isItem: boolean) => string) | undefined
  #isInList = false

  constructor(reading: Reading, toolName: string) {
    this.#reading = reading
    this.#values = new TaggedArguments(reading, toolName)
    this.#schema = reading.tools.schemaOf(toolName)
  }

  begin(name: string): void {
    if (name !== this.#name) {
      this.#settle()
      this.#endList()
      this.#name = name
    } else if (this.#last) {
      this.#values.member(name, `[${this.#last(true)}`)
      this.#last = undefined
      this.#isInList = true
    }
  }

  end(element: Element, raw: string): void {
    const root = this.#schema
    const schema = propertyOf(root, element.name)
    const json = (isItem: boolean) =>
      elementToJson(element, raw, isItem ? (itemsOf(schema, root) ?? schema) : schema, root)
    if (this.#isInList) this.#reading.arguments(`,${json(true)}`)
    else this.#last = json
  }

  /** An element that is too large or too deep to be understood begins so. */
  beginText(raw: string): void {
    const text = `"${escapeJson(raw)}`
    if (this.#isInList) this.#reading.arguments(`,${text}`)
    else this.#values.member(this.#name, text)
  }

  endText(): void {
    this.#reading.arguments('"')
    if (!this.#isInList) this.#name = ''
  }

  close(isClosed: boolean): void {
    this.#settle()
    const { cursor, how } = this.#reading
    if (isClosed || !cursor.hasEnded || how === 'stop') this.#endList()
    if (isClosed) this.#values.close()
    else this.#values.closeEarly()
  }

  #settle(): void {
    if (this.#last) this.#values.member(this.#name, this.#last(false))
    this.#last = undefined
  }

  #endList(): void {
    if (this.#isInList) this.#reading.arguments(']')
    this.#isInList = false
    this.#name = ''
  }
}

interface Tag {
  /** With `/` before it where it closes. */
  readonly name: string
  readonly bare: string
  readonly isCloser: boolean
  readonly text: string
}

/** Reads the tag that comes next, behind white space. */
function* readNext(cursor: Cursor): Waiting<Tag | undefined> {
  yield* skipSpace(cursor)
  return (yield* accept(cursor, separators)) ? yield* readElementTag(cursor) : undefined
}

function* readElementTag(cursor: Cursor): Waiting<Tag | undefined> {
  if ((yield* peek(cursor)) !== '<') return undefined
  const text = (yield* readTag(cursor)) ?? ''
  const [, name, slash, bare] = /^<((\/?)([^\s<>/="']+))/.exec(text) ?? []
  return name && bare ? { name, bare, isCloser: slash === '/', text } : undefined
}

function isFrame({ bare }: Tag): boolean {
  return bare === 'invoke' || bare === 'tool_call'
}
