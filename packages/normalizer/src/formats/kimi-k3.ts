import type { MarkupFormat, Reading } from '../markup-format.ts'
import { accept, type Cursor, markerSet, skipSpace, standsAt, type Waiting } from '../markup-lexer.ts'
import { readArguments, skipSurplus } from '../read-arguments.ts'
import { TaggedArguments, valueEnds } from '../tagged-value.ts'

const open = '<|open|>'
const close = '<|close|>'
const endOfMessage = '<|end_of_msg|>'

const tags = markerSet(open, close)
const tagsOrEnd = markerSet(open, close, endOfMessage)
const tagNames = markerSet('think', 'response', 'message', 'tools', 'call', 'argument', 'json')
const tagEnds = markerSet('<|sep|>')
// A token is its own closer's proof, so the value ends wherever it stands.
const valueClosers = valueEnds(
  ['', ' '].flatMap((before) => ['', ' '].map((after) => ({ text: `${close}${before}argument${after}<|sep|>` }))),
)
const afterJson = { markers: tags, stopsAt: '<', areTokens: true }

/** Kimi K3: every part of a message is a tag of its own, arguments carry their types. */
export const kimiK3: MarkupFormat = {
  name: 'kimi_k3',
  openers: [
    { text: open, isToken: true, read: readOpened },
    { text: close, isToken: true, read: readClosed },
  ],
  endTokens: [endOfMessage],
}

interface Tag {
  /** With `/` before it where it closes. */
  readonly name: string
  attribute(name: string): string | undefined
}

function* readOpened(reading: Reading): Waiting<boolean> {
  const tag = yield* readTag(reading.cursor)
  if (tag?.name === 'tools') return yield* readTools(reading)
  if (tag?.name === 'call') return yield* readCall(reading, tag)
  if (reading.isInCode || !tag) return reading.cursor.hasEnded
  if (tag.name === 'think') reading.enter('reasoning')
  else if (tag.name === 'response' || tag.name === 'message') reading.enter('content')
  else return false
  return true
}

function* readClosed(reading: Reading): Waiting<boolean> {
  const { cursor } = reading
  const tag = yield* readTag(cursor, '/')
  if (!tag || tag.name === '/argument' || tag.name === '/json') return cursor.hasEnded
  if (!reading.isInCode) {
    reading.commit(tag.name === '/think')
    return true
  }
  if (!/^.(think|response|message)$/.test(tag.name)) return false
  // A fence that was never closed must not keep the channel open; but code may speak of the markup.
  yield* skipSpace(cursor)
  if (!cursor.hasEnded && !(yield* standsAt(cursor, tagsOrEnd))) return false
  reading.enter('content')
  return true
}

function* readTools(reading: Reading): Waiting<boolean> {
  const { cursor } = reading
  let isMarkup = !reading.isInCode
  reading.commit()
  for (;;) {
    reading.hold()
    const tag = yield* readNext(cursor)
    if (tag?.name === '/tools') return true
    if (tag?.name === 'call') {
      if (!(yield* readCall(reading, tag))) return cursor.hasEnded
      isMarkup = true
    } else {
      // The tag is one that stands outside of tools, whose closer is missing.
      if (tag && isMarkup) cursor.rewind()
      return cursor.hasEnded
    }
  }
}

/** Reads a call behind its tag; false where it has no name. */
function* readCall(reading: Reading, call: Tag): Waiting<boolean> {
  const { cursor } = reading
  const name = reading.startCall({ name: call.attribute('tool') ?? '' })
  if (name === undefined) return false
  const values = new TaggedArguments(reading, name)
  for (;;) {
    cursor.hold()
    const tag = yield* readNext(cursor)
    const key = tag?.name === 'argument' ? tag.attribute('key') : undefined
    if (tag && key !== undefined) {
      cursor.drop()
      if (yield* values.readValue(key, valueClosers, { as: typeOf(tag) })) continue
      reading.endCall('incomplete')
    } else if (tag?.name === 'json' && !values.hasMembers) {
      cursor.drop()
      reading.endCall(yield* readArguments(reading, afterJson))
      yield* skipSurplus(reading, tags)
      yield* acceptTag(cursor, '/json')
      yield* acceptTag(cursor, '/call')
    } else if (tag?.name === '/call') {
      cursor.drop()
      values.close()
    } else {
      cursor.rewind()
      values.closeEarly()
    }
    return true
  }
}

/** The schema decides where the tag has no type. */
function typeOf(tag: Tag): 'string' | 'json' | undefined {
  const type = tag.attribute('type')
  return type === undefined || type === 'string' ? type : 'json'
}

function* acceptTag(cursor: Cursor, name: string): Waiting<void> {
  cursor.hold()
  if ((yield* readNext(cursor))?.name === name) cursor.drop()
  else cursor.rewind()
}

/** Reads the tag that comes next, behind white space. */
function* readNext(cursor: Cursor): Waiting<Tag | undefined> {
  yield* skipSpace(cursor)
  const marker = yield* accept(cursor, tags)
  return marker ? yield* readTag(cursor, marker === close ? '/' : '') : undefined
}

const MAX_TAG = 1024
const ATTRIBUTE = /\s+([\w-]+)\s*=\s*"([^"]*)"/g

/** Reads a tag up to its end, behind its first token. Undefined where none stands here. */
function* readTag(cursor: Cursor, slash = ''): Waiting<Tag | undefined> {
  yield* skipSpace(cursor)
  const name = yield* accept(cursor, tagNames)
  if (name === undefined) return undefined
  const written = yield* readAttributes(cursor)
  if (!(yield* accept(cursor, tagEnds)) || written.replaceAll(ATTRIBUTE, '').trim() !== '') return undefined
  return {
    name: slash + name,
    attribute: (key) => {
      const value = [...written.matchAll(ATTRIBUTE)].find(([, found]) => found === key)?.[2]
      return value?.replaceAll('&quot;', '"').replaceAll('&amp;', '&')
    },
  }
}

/** Reads up to a `<` outside of quotes. */
function* readAttributes(cursor: Cursor): Waiting<string> {
  let written = ''
  let isQuoted = false
  for (;;) {
    const { text, at } = cursor
    const limit = Math.min(text.length, at + MAX_TAG - written.length)
    let end = at
    for (; end < limit; end++) {
      const char = text[end]
      if (char === '"') isQuoted = !isQuoted
      else if (char === '<' && !isQuoted) break
    }
    written += text.slice(at, end)
    cursor.at = end
    if (end < text.length || written.length >= MAX_TAG || cursor.isOver) return written
    yield
  }
}
