import type { MarkupFormat, Reading } from '../markup-format.ts'
import { accept, type Cursor, markerSet, readWhile, skipSpace, standsAt, type Waiting } from '../markup-lexer.ts'
import { readArguments, skipSurplus } from '../read-arguments.ts'

const start = '<|start|>'
const channel = '<|channel|>'
const message = '<|message|>'
const constrain = '<|constrain|>'
const end = '<|end|>'
const ends = [end, '<|call|>', '<|return|>']

const starts = markerSet(start)
const roles = markerSet('assistant')
const channelsOrMessages = markerSet(channel, message)
const channelNames = markerSet('analysis', 'commentary', 'final')
const messages = markerSet(message)
const constrains = markerSet(constrain)
const closers = markerSet(...ends)
const afterArguments = { markers: markerSet(start, ...ends), stopsAt: '<', areTokens: true }

/** gpt-oss. Where its special tokens were taken out upstream, nothing can be told apart any more. */
export const harmony: MarkupFormat = {
  name: 'harmony',
  openers: [
    { text: start, isToken: true, read: readMessage },
    { text: channel, isToken: true, read: readMessage },
    ...ends.map((text) => ({ text, isToken: true, read: readEnd })),
  ],
}

/** Reads the header of a message, and all of the message where it is a call. */
function* readMessage(reading: Reading, opener: string): Waiting<boolean> {
  const { cursor } = reading
  let recipient: string | undefined
  let hasChannel = opener === channel
  if (!hasChannel) {
    if (!(yield* accept(cursor, roles))) return cursor.hasEnded
    recipient = yield* readRecipient(cursor)
    const marker = yield* accept(cursor, channelsOrMessages)
    if (marker === undefined) return cursor.hasEnded
    hasChannel = marker === channel
  }
  let name: string | undefined
  if (hasChannel) {
    yield* skipSpace(cursor)
    name = yield* accept(cursor, channelNames)
    if (name === undefined) return cursor.hasEnded
    recipient = (yield* readRecipient(cursor)) ?? recipient
    if (yield* accept(cursor, constrains)) yield* skipSpace(cursor)
    yield* readWhile(cursor, WORD)
    yield* skipSpace(cursor)
    if (!(yield* accept(cursor, messages))) return cursor.hasEnded
  }

  const tool = recipient?.startsWith('functions.') ? recipient.slice('functions.'.length) : recipient
  if (tool !== undefined && (tool !== recipient || reading.tools.has(tool))) return yield* readCall(reading, tool)
  if (reading.isInCode) return false
  reading.enter(tool !== undefined || name === 'analysis' ? 'reasoning' : 'content')
  return true
}

function* readCall(reading: Reading, name: string): Waiting<boolean> {
  const { cursor } = reading
  if (reading.startCall({ name }) === undefined) return false
  reading.endCall(yield* readArguments(reading, afterArguments))
  yield* skipSurplus(reading, closers)
  yield* accept(cursor, closers)
  return true
}

function* readEnd(reading: Reading, opener: string): Waiting<boolean> {
  const { cursor } = reading
  if (!reading.isInCode) {
    cursor.hold()
    yield* skipSpace(cursor)
    const hasNext = yield* standsAt(cursor, starts)
    cursor.rewind()
    // The answer is the last message, so one that is followed by another was reasoning.
    reading.commit(hasNext && opener === end)
    return true
  }
  // A fence that was never closed must not keep the message open; but code may speak of the markup.
  yield* skipSpace(cursor)
  if (!cursor.hasEnded && !(yield* standsAt(cursor, starts))) return false
  reading.enter('content')
  return true
}

/** Reads ` to=RECIPIENT` and the white space around it, where it stands here. */
function* readRecipient(cursor: Cursor): Waiting<string | undefined> {
  yield* skipSpace(cursor)
  if (!(yield* accept(cursor, recipients))) return undefined
  const recipient = yield* readWhile(cursor, WORD)
  yield* skipSpace(cursor)
  return recipient
}

const recipients = markerSet('to=')
const WORD = /[^\s<]*/y
