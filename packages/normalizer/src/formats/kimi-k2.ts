import type { CallHeader, MarkupFormat, Reading } from '../markup-format.ts'
import { accept, isSpace, markerSet, peek, skipBeginning, skipSpace, standsAt, type Waiting } from '../markup-lexer.ts'
import { readArguments, skipSurplus } from '../read-arguments.ts'
import { think, thinking } from '../reasoning.ts'
import { isCounter, toolNameByArguments } from '../tool-names.ts'

const begin = '<|tool_call_begin|>'
const argumentBegin = '<|tool_call_argument_begin|>'
const callEnd = '<|tool_call_end|>'
const sectionBegins = ['<|tool_calls_section_begin|>', '<|tool_call_section_begin|>']
const sectionEnds = ['<|tool_calls_section_end|>', '<|tool_call_section_end|>']

const begins = markerSet(begin)
const argumentBegins = markerSet(argumentBegin)
const callEnds = markerSet(callEnd)
const ends = markerSet(...sectionEnds)
const all = markerSet(begin, argumentBegin, callEnd, ...sectionBegins, ...sectionEnds)
const afterArguments = { markers: all, stopsAt: '<', areTokens: true }

/** Kimi K2, K2.5 and later, and K2 Thinking. */
export const kimiK2: MarkupFormat = {
  name: 'kimi_k2',
  reasoning: [think, thinking],
  openers: [
    ...sectionBegins.map((text) => ({ text, isToken: true, read: readSection })),
    { text: begin, isToken: true, read: readBareCall },
  ],
  endTokens: ['<|im_end|>', '[EOS]', '<|endoftext|>'],
  startFillers: ['(no content)'],
  fillers: ['<tool_call>'],
}

function* readSection(reading: Reading): Waiting<boolean> {
  const { cursor } = reading
  reading.commit()
  for (;;) {
    reading.hold()
    yield* skipSpace(cursor)
    if (yield* accept(cursor, ends)) return true
    if (!(yield* accept(cursor, begins))) {
      skipBeginning(cursor, all)
      return cursor.hasEnded
    }
    if (!(yield* readCall(reading))) return cursor.hasEnded
  }
}

function* readBareCall(reading: Reading): Waiting<boolean> {
  return (yield* readCall(reading)) || reading.cursor.hasEnded
}

/** Reads a call behind its begin; false where it has no name, or the text ended inside of it. */
function* readCall(reading: Reading): Waiting<boolean> {
  const { cursor } = reading
  let header = ''
  yield* skipSpace(cursor)
  while (!(yield* standsAt(cursor, all))) {
    const next = yield* peek(cursor)
    if (next === '' || '{[(<'.includes(next)) return false
    cursor.at++
    if (!isSpace(next.charCodeAt(0))) header += next
    else {
      yield* skipSpace(cursor)
      if (!(yield* standsAt(cursor, all))) return false
    }
  }
  const hasArguments = yield* accept(cursor, argumentBegins)
  const parts = readHeader(header)
  const findName = isCounter(parts.name) ? toolNameByArguments : undefined
  if (!reading.startCall({ ...parts, findName })) return false
  const state = hasArguments ? yield* readArguments(reading, afterArguments) : 'complete'
  reading.endCall(state)
  yield* skipSurplus(reading, all)
  if (!(yield* accept(cursor, callEnds))) skipBeginning(cursor, all)
  return true
}

const canonicalId = (name: string, count: number) => `functions.${name}:${count}`

/** `functions.NAME:INDEX` is an id that the model knows again; of anything else one like that is made. */
function readHeader(header: string): CallHeader {
  const [, canonical, number] = /^functions\.(.+):(\d+)$/.exec(header) ?? []
  if (canonical !== undefined) return { name: canonical, id: header, number }
  const [, name, index] = /^functions_(.+)_(\d+)$/.exec(header) ?? /^(.+):(\d+)$/.exec(header) ?? []
  if (name !== undefined) return { name: name.replace(/^functions\./, ''), id: canonicalId, number: index }
  return { name: isCounter(header) ? header : header.replace(/^functions\./, ''), id: canonicalId }
}
