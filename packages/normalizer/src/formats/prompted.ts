import type { MarkupFormat, Opener, Reading } from '../markup-format.ts'
import { accept, type Cursor, markerSet, peek, skipSpace, type Waiting } from '../markup-lexer.ts'
import { readArguments, readValue } from '../read-arguments.ts'
import { readJsonCalls } from '../read-json-calls.ts'
import { think, thinking } from '../reasoning.ts'

const fence = '```'
const language = markerSet('json', 'JSON')
const key = markerSet('"tool_calls"')
const closer = markerSet('}')
const fences = markerSet(fence)
const label = markerSet('参数')
const nothings = markerSet('null', '""', '[]')
const noEnds = { markers: markerSet(), stopsAt: '' }

const fencedList = readJsonCalls({ opens: '[', closers: [fence], idKeys: ['id'], isListInside: true })
const fencedCalls = readJsonCalls({ closers: [fence], idKeys: ['id'], isBare: true })
const bareList = readJsonCalls({ opens: '[', idKeys: ['id'] })

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
  if (yield* goToList(cursor)) {
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
  if (!(yield* goToList(cursor))) {
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
  while ((yield* skipSpace(cursor)) === ',') {
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
  cursor.at++
  if ((yield* skipSpace(cursor)) !== '"') return false
  yield* readValue(reading, noEnds, leftOut)
  if ((yield* skipSpace(cursor)) !== ':') return false
  cursor.at++
  yield* skipSpace(cursor)
  return (yield* accept(cursor, nothings)) !== undefined
}

function leftOut(): void {}

/** Before `{"tool_calls": [{`: goes to its list. Otherwise back to where the holding began. */
function* goToList(cursor: Cursor): Waiting<boolean> {
  const isList =
    (yield* passes(cursor, '{')) &&
    (yield* accept(cursor, key)) !== undefined &&
    (yield* passes(cursor, ':')) &&
    (yield* passes(cursor, '[')) &&
    (yield* peek(cursor)) === '{'
  cursor.rewind()
  cursor.hold()
  if (isList) cursor.at = cursor.text.indexOf('[', cursor.at)
  return isList
}

/** Goes behind a character and the white space around it. */
function* passes(cursor: Cursor, character: string): Waiting<boolean> {
  yield* skipSpace(cursor)
  if ((yield* peek(cursor)) !== character) return false
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
