import { noEnds, readJson } from '../json-value.ts'
import type { MarkupFormat, Opener, Reading } from '../markup-format.ts'
import { accept, type Cursor, markerSet, peek, skipSpace, type Waiting } from '../markup-lexer.ts'
import { readArguments } from '../read-arguments.ts'
import { readJsonCalls } from '../read-json-calls.ts'
import { think, thinking } from '../reasoning.ts'

const fence = '```'
const language = markerSet('json', 'JSON')
const key = markerSet('"tool_calls"')
const closer = markerSet('}')
const fences = markerSet(fence)
const label = markerSet('参数')
/** Values that say nothing. */
const nothings = markerSet('null', '""', '[]', '"assistant"')

const fencedList = readJsonCalls({ closers: [fence], idKeys: ['id'], isInList: true })
const fencedCalls = readJsonCalls({ closers: [fence], idKeys: ['id'], isBare: true })
const bareList = readJsonCalls({ idKeys: ['id'], isInList: true })

/** For other formats whose models get their tools by prompt. */
export const promptedOpeners: readonly Opener[] = [
  { text: fence, where: 'line', read: readFence },
  { text: '{', where: 'line', read: readObject },
  { text: '调用函数', where: 'line', read: readSentence },
]

/** What `promptTools` asks for: OpenAI's `tool_calls` as JSON, fenced or not. */
export const prompted: MarkupFormat = {
  name: 'prompted',
  reasoning: [think, thinking],
  openers: promptedOpeners,
}

/** A fenced `{"tool_calls": [{` is a call; so are fenced objects with name and arguments, if their tools are declared. */
function* readFence(reading: Reading, opener: string): Waiting<boolean> {
  const { cursor } = reading
  if (reading.isInCode) return false
  yield* accept(cursor, language)
  yield* skipSpace(cursor)
  if (yield* goToList(reading)) {
    if (!(yield* fencedList(reading, ''))) return false
    yield* passEnd(reading)
    yield* skipSpace(cursor)
    yield* accept(cursor, fences)
    return true
  }
  cursor.at += opener.length
  yield* accept(cursor, language)
  return yield* fencedCalls(reading, '')
}

function* readObject(reading: Reading, opener: string): Waiting<boolean> {
  const { cursor } = reading
  cursor.at -= opener.length
  if (!(yield* goToList(reading))) {
    cursor.at += opener.length
    return false
  }
  if (!(yield* bareList(reading, ''))) return false
  yield* passEnd(reading)
  return true
}

/** Goes behind the members that follow the list in its object, and behind the object's bracket. */
function* passEnd(reading: Reading): Waiting<void> {
  const { cursor } = reading
  reading.hold()
  while (yield* passes(cursor, ',')) {
    if (!(yield* passesMember(reading))) {
      cursor.rewind()
      return
    }
  }
  yield* accept(cursor, closer)
}

/** A member that says nothing; one that does is left to be seen as text. */
function* passesMember(reading: Reading): Waiting<boolean> {
  const { cursor } = reading
  if (cursor.next !== '"') return false
  yield* readJson(reading, noEnds, leftOut)
  return (yield* passes(cursor, ':')) && (yield* accept(cursor, nothings)) !== undefined
}

function leftOut(): void {}

/** Goes behind `{"tool_calls": [`, if a `{` follows. Otherwise back to where the holding began. */
function* goToList(reading: Reading): Waiting<boolean> {
  const { cursor } = reading
  let hasMember = yield* passes(cursor, '{')
  while (hasMember) {
    if (yield* accept(cursor, key)) {
      if ((yield* passes(cursor, ':')) && (yield* passes(cursor, '[')) && cursor.next === '{') return true
      break
    }
    hasMember = (yield* passesMember(reading)) && (yield* passes(cursor, ','))
  }
  cursor.rewind()
  cursor.hold()
  return false
}

/** Goes behind a character and the white space around it. */
function* passes(cursor: Cursor, character: string): Waiting<boolean> {
  if ((yield* skipSpace(cursor)) !== character) return false
  cursor.at++
  yield* skipSpace(cursor)
  return true
}

/** `调用函数: NAME 参数: {…}`, as some sites make their models write it. */
function* readSentence(reading: Reading): Waiting<boolean> {
  const { cursor } = reading
  if (!(yield* passesColon(cursor))) return false
  let name = ''
  while (!(yield* accept(cursor, label))) {
    const next = yield* peek(cursor)
    if (next === '' || '{[(<\n'.includes(next)) return false
    name += next
    cursor.at++
  }
  if (!(yield* passesColon(cursor)) || (yield* peek(cursor)) !== '{') return false
  if (!reading.startCall({ name })) return false
  reading.endCall(yield* readArguments(reading, noEnds))
  return true
}

function* passesColon(cursor: Cursor): Waiting<boolean> {
  return (yield* passes(cursor, ':')) || (yield* passes(cursor, '：'))
}
