import { expect } from 'vitest'
import { readStream } from './test-stream-rig.ts'

// Streamed answers by the grammar of each dialect, with nothing behind their end.

/** A streamed answer as a client of any dialect sees it. */
export interface SeenAnswer {
  readonly content: string
  readonly calls: readonly SeenCall[]
  /** The last frame says that the answer is whole. */
  readonly isComplete: boolean
  /** Why it stopped, in the dialect's own word. */
  readonly stop: string | undefined
  readonly error: SeenError | undefined
  readonly heartbeats: number
  /** Names of the events in turn; none in Chat Completions. */
  readonly events: readonly string[]
}

export interface SeenCall {
  readonly id: string
  readonly name: string
  readonly arguments: string
  /** The dialect says that nothing of it is missing. */
  readonly isDone: boolean
}

export interface SeenError {
  readonly message: string
  readonly type?: string | undefined
  readonly code?: string | null | undefined
}

// biome-ignore lint/suspicious/noExplicitAny: frames are read freely; a wrong path is a failing test.
type Json = any

export function readChat(text: string): SeenAnswer {
  const { chunks, content, finish, error, isDone, heartbeats } = readStream(text)
  const calls: { id: string; name: string; arguments: string; isDone: boolean }[] = []
  for (const piece of chunks.flatMap(({ choices }) => choices[0]?.delta.tool_calls ?? [])) {
    const { index, id, function: called } = piece
    const call = calls[index]
    if (call) call.arguments += called?.arguments ?? ''
    else calls[index] = { id: id ?? '', name: called?.name ?? '', arguments: called?.arguments ?? '', isDone }
  }
  return { content, calls, isComplete: isDone, stop: finish, error, heartbeats, events: [] }
}

interface NamedEvent {
  readonly name: string
  readonly data: Json
}

/** Each frame is a name and a datum of one line whose type is the same. */
function namedEvents(text: string): NamedEvent[] {
  const frames = text.split('\n\n')
  expect(frames.pop(), 'the stream ends with a blank line').toBe('')
  return frames.map((frame) => {
    const [, name = '', json = ''] = /^event: (\S+)\ndata: (\{.*\})$/u.exec(frame) ?? []
    expect(name, `an event with its name, not ${frame.slice(0, 200)}`).not.toBe('')
    const data = JSON.parse(json)
    expect(data.type).toBe(name)
    return { name, data }
  })
}

export function readResponse(text: string): SeenAnswer {
  const events = namedEvents(text)
  // What is said between events that are handed on as they came has numbers of its own.
  const [said, relayed] = [true, false].map((isOurs) =>
    events.filter(({ name }) => (name === 'keepalive' || name === 'error') === isOurs),
  )
  const isInTurn = (some: readonly NamedEvent[]) => some.every(({ data }, i) => data.sequence_number === i)
  expect(isInTurn(events) || [said, relayed].every((some) => isInTurn(some ?? [])), 'numbers without gaps').toBe(true)
  const names = events.map(({ name }) => name)
  const isEnd = /^(error|response\.(completed|incomplete|failed))$/
  const ends = names.flatMap((name, i) => (isEnd.test(name) ? [i] : []))
  if (ends.length > 0) expect(ends, 'one end, and nothing after it').toEqual([names.length - 1])
  if (names.length > 0 && names[0] !== 'error') {
    expect(names.slice(0, 2)).toEqual(['response.created', 'response.in_progress'])
  }
  const of = (name: string) => events.filter((event) => event.name === name).map(({ data }) => data)
  const done = new Set(of('response.output_item.done').map(({ item }) => item.id))
  const calls = of('response.output_item.added')
    .filter(({ item }) => item.type === 'function_call')
    .map(({ item }) => ({
      id: item.call_id,
      name: item.name,
      arguments: of('response.function_call_arguments.delta')
        .filter(({ item_id }) => item_id === item.id)
        .map(({ delta }) => delta)
        .join(''),
      isDone: done.has(item.id),
    }))
  const last = events.at(-1)
  const failed = of('response.failed')[0]
  if (failed) expect(failed.response).toMatchObject({ object: 'response', status: 'failed' })
  const { message, code, type } = of('error')[0] ?? failed?.response.error ?? {}
  return {
    content: of('response.output_text.delta')
      .map(({ delta }) => delta)
      .join(''),
    calls,
    isComplete: last?.name === 'response.completed',
    stop: last?.data.response?.incomplete_details?.reason ?? last?.data.response?.status,
    error: message === undefined ? undefined : { message, code, type: type === 'error' ? undefined : type },
    heartbeats: of('keepalive').length,
    events: names,
  }
}

const deltas: Readonly<Record<string, readonly string[]>> = {
  text: ['text_delta', 'citations_delta'],
  thinking: ['thinking_delta', 'signature_delta'],
  tool_use: ['input_json_delta'],
}

export function readMessage(text: string): SeenAnswer {
  const events = namedEvents(text)
  const blocks: { block: Json; text: string; isDone: boolean }[] = []
  const seen = { stop: undefined as string | undefined, error: undefined as SeenError | undefined, heartbeats: 0 }
  let state: 'before' | 'inside' | 'stopped' | 'over' = 'before'
  for (const { name, data } of events) {
    expect(state, `nothing after the end, not ${name}`).not.toBe('over')
    const open = blocks.at(-1)
    if (name === 'ping') seen.heartbeats++
    else if (name === 'error') {
      seen.error = data.error
      state = 'over'
    } else if (name === 'message_start') {
      expect(state).toBe('before')
      expect(data.message).toMatchObject({ type: 'message', role: 'assistant', content: [], stop_reason: null })
      state = 'inside'
    } else if (name === 'message_stop') {
      expect(state).toBe('stopped')
      state = 'over'
    } else {
      expect(state, name).toBe('inside')
      if (name === 'content_block_start') {
        expect(open?.isDone ?? true, 'blocks one after the other').toBe(true)
        expect(data.index).toBe(blocks.length)
        blocks.push({ block: data.content_block, text: '', isDone: false })
      } else if (name === 'content_block_delta' && open) {
        expect(data.index).toBe(blocks.length - 1)
        expect(open.isDone).toBe(false)
        expect(deltas[open.block.type]).toContain(data.delta.type)
        open.text += data.delta.text ?? data.delta.partial_json ?? ''
      } else if (name === 'content_block_stop' && open) {
        expect(data.index).toBe(blocks.length - 1)
        expect(open.isDone).toBe(false)
        open.isDone = true
      } else {
        expect(name).toBe('message_delta')
        expect(blocks.every(({ isDone }) => isDone)).toBe(true)
        seen.stop = data.delta.stop_reason
        state = 'stopped'
      }
    }
  }
  const ofType = (type: string) => blocks.filter(({ block }) => block.type === type)
  return {
    ...seen,
    content: ofType('text')
      .map(({ text }) => text)
      .join(''),
    calls: ofType('tool_use').map(({ block, text, isDone }) => ({
      id: block.id,
      name: block.name,
      arguments: text,
      isDone,
    })),
    isComplete: events.at(-1)?.name === 'message_stop',
    events: events.map(({ name }) => name),
  }
}
