// A fake service that speaks OpenAI Chat Completions on bare TCP: `node upstream.ts PORT`. It has to be much cheaper than
// what stands before it. `GET /stats` tells how many streams are open and how many were cut before their end.
import { createServer, type Socket } from 'node:net'
import { type Asked, askedBy, nowMicros, stampTime, streamEvents, wholeBody } from './contents.ts'
import { MessageReader } from './http-message.ts'

/** What one write sends of a stream. */
interface Piece {
  readonly bytes: Buffer
  /** Where the time of the first stamp stands; -1: it is left at zero. */
  readonly timeAt: number
}

export interface UpstreamStats {
  openStreams: number
  /** Streams whose connection was lost before their end, since the start. */
  cutStreams: number
}

const stats: UpstreamStats = { openStreams: 0, cutStreams: 0 }

const STREAM_HEAD =
  'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ncache-control: no-cache\r\n' +
  'x-request-id: req_bench\r\ntransfer-encoding: chunked\r\nconnection: keep-alive\r\n\r\n'
const LAST_CHUNK = '0\r\n\r\n'

const server = createServer({ noDelay: true }, serve)
server.listen({ port: Number(process.argv[2]), host: '127.0.0.1', backlog: 4096 })
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(0))

function serve(socket: Socket): void {
  let head = ''
  let body = ''
  let cut: (() => void) | undefined
  const reader = new MessageReader({
    head(text) {
      head = text
      body = ''
    },
    data(bytes) {
      body += bytes.toString('latin1')
    },
    end() {
      cut = answer(socket, head, body)
    },
  })
  socket.on('data', (bytes) => {
    try {
      reader.push(bytes)
    } catch {
      socket.destroy() // whoever sends this finds out by the missing answer
    }
  })
  socket.on('error', () => {}) // 'close' follows
  socket.on('close', () => cut?.())
}

/** Returns what to do when the connection is lost. Clients do not pipeline. */
function answer(socket: Socket, head: string, body: string): (() => void) | undefined {
  if (head.startsWith('GET /stats ')) {
    socket.write(json('200 OK', JSON.stringify(stats)))
    return
  }
  const model = /"model"\s*:\s*"([^"]*)"/.exec(body)?.[1]
  if (!/^POST \S*\/chat\/completions /.test(head) || model === undefined) {
    socket.write(json('404 Not Found', '{"error":{"message":"no such path","type":"invalid_request_error"}}'))
    return
  }
  if (!/"stream"\s*:\s*true/.test(body)) {
    socket.write(wholeAnswer(model))
    return
  }
  return stream(socket, askedBy(model), streamPieces(model, /"include_usage"\s*:\s*true/.test(body)))
}

function stream(socket: Socket, { everyMs }: Asked, pieces: readonly Piece[]): () => void {
  let next = 0
  let isOver = false
  let timer: NodeJS.Timeout | undefined
  stats.openStreams++
  socket.write(STREAM_HEAD)
  step()
  if (everyMs > 0 && !isOver) timer = setInterval(step, everyMs)
  return () => {
    if (!isOver) stats.cutStreams++
    finish()
  }

  function step(): void {
    const piece = pieces[next++]
    if (isOver || !piece) return
    const isFree = socket.write(timed(piece))
    if (next === pieces.length) {
      socket.write(LAST_CHUNK)
      finish()
    } else if (everyMs === 0) {
      if (isFree) setImmediate(step)
      else socket.once('drain', step)
    }
  }

  function finish(): void {
    if (isOver) return
    isOver = true
    clearInterval(timer)
    stats.openStreams--
  }
}

function timed({ bytes, timeAt }: Piece): Buffer {
  if (timeAt < 0) return bytes
  const copy = Buffer.from(bytes)
  copy.write(stampTime(nowMicros()), timeAt, 'latin1')
  return copy
}

const wholeAnswer = remembered((model: string) => json('200 OK', wholeBody(askedBy(model), model)))

const piecesWithUsage = remembered((model: string) => makePieces(model, true))
const piecesWithout = remembered((model: string) => makePieces(model, false))

function streamPieces(model: string, withUsage: boolean): readonly Piece[] {
  return (withUsage ? piecesWithUsage : piecesWithout)(model)
}

function makePieces(model: string, withUsage: boolean): Piece[] {
  const asked = askedBy(model)
  const [role = '', ...frames] = streamEvents(asked, model, withUsage).map((event) => `data: ${event}\n\n`)
  // What comes after the last text goes with it, as services send it: finish reason, usage, [DONE].
  const rest = frames.splice(frames.findLastIndex((frame) => frame.includes('"content"')) + 1)
  const texts = [role]
  for (let i = 0; i < frames.length; i += asked.perWrite) texts.push(frames.slice(i, i + asked.perWrite).join(''))
  texts.push((texts.pop() ?? '') + rest.join(''))
  return texts.map((text) => {
    const bytes = Buffer.from(`${text.length.toString(16)}\r\n${text}\r\n`)
    const time = bytes.indexOf(`@${stampTime(0)}~`)
    // As fast as it goes the time would say nothing, and writing it would cost.
    return { bytes, timeAt: asked.everyMs > 0 && time >= 0 ? time + 1 : -1 }
  })
}

function json(status: string, text: string): Buffer {
  const head = `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(text)}`
  return Buffer.from(`${head}\r\nx-request-id: req_bench\r\nconnection: keep-alive\r\n\r\n${text}`)
}

function remembered<T>(make: (key: string) => T): (key: string) => T {
  const made = new Map<string, T>()
  return (key) => {
    const value = made.get(key) ?? make(key)
    made.set(key, value)
    return value
  }
}
