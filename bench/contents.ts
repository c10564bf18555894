// What the fake upstream answers, computed by upstream and checker alike.

/** What a request wants. It rides in the model name, the one field that every gateway forwards. */
export interface Asked {
  /** Size of the whole answer that is asked for, its JSON included; 0: a stream is asked for. */
  readonly kib: number
  /** Chunks of text in a stream. */
  readonly chunks: number
  /** Characters of text in a chunk, the stamp left out. */
  readonly chars: number
  /** Milliseconds between two writes; 0: one write in each turn of the event loop. */
  readonly everyMs: number
  /** Events in one write. */
  readonly perWrite: number
}

const DEFAULTS: Asked = { kib: 0, chunks: 100, chars: 24, everyMs: 0, perWrite: 1 }

export function modelName(prefix: string, asked: Partial<Asked>): string {
  return (
    prefix +
    Object.entries(asked)
      .map(([name, value]) => `${name}=${value}`)
      .join(';')
  )
}

/** Of a model name with or without its prefix: some gateways take that off. */
export function askedBy(model: string): Asked {
  const pairs = model
    .slice(model.lastIndexOf(':') + 1)
    .split(';')
    .map((pair) => pair.split('='))
  return { ...DEFAULTS, ...Object.fromEntries(pairs.map(([name, value]) => [name, Number(value)])) }
}

export function filled(asked: Partial<Asked>): Asked {
  return { ...DEFAULTS, ...asked }
}

const WORDS = 'the quick brown fox jumps over a lazy dog while seven wise owls watch from old oaks '.repeat(40)
const END_MARK = '|END|'
const HEAD = { created: 1_700_000_000, service_tier: 'default', system_fingerprint: 'fp_bench' }

/** Neighbours differ, so that a chunk that is lost, doubled or moved shows. */
export function chunkText(index: number, { chars }: Asked): string {
  const from = (index * 7) % 1600
  return WORDS.slice(from, from + chars)
}

const MICROS_DIGITS = 14

/** Stands before the text of each chunk: its number, and when it was written, in microseconds. */
export function stamp(index: number, micros: number): string {
  return `#${String(index).padStart(6, '0')}@${stampTime(micros)}~`
}

export function stampTime(micros: number): string {
  return String(Math.floor(micros)).padStart(MICROS_DIGITS, '0')
}

export function readStamp(text: string): { index: number; micros: number; text: string } | undefined {
  const match = /^#(\d{6})@(\d{14})~/.exec(text)
  return match ? { index: Number(match[1]), micros: Number(match[2]), text: text.slice(match[0].length) } : undefined
}

const startOfClock = Number(process.hrtime.bigint()) / 1000 - performance.now() * 1000

/** Monotonic, and comparable between the processes of one machine (CLOCK_MONOTONIC). */
export function nowMicros(): number {
  return performance.now() * 1000 + startOfClock
}

export function usage(completionTokens: number) {
  return { prompt_tokens: 19, completion_tokens: completionTokens, total_tokens: 19 + completionTokens }
}

const WHOLE_TOKENS = 10

export function wholeBody(asked: Asked, model: string): string {
  const withText = (content: string) =>
    JSON.stringify({
      id: 'chatcmpl-bench0000000000000000001',
      object: 'chat.completion',
      model,
      ...HEAD,
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content, refusal: null, annotations: [] },
          logprobs: null,
          finish_reason: 'stop',
        },
      ],
      usage: {
        ...usage(WHOLE_TOKENS),
        prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
        completion_tokens_details: { reasoning_tokens: 0, audio_tokens: 0 },
      },
    })
  return withText(wholeText(asked))
}

// The JSON around the text is some 500 bytes.
export function wholeText({ kib }: Asked): string {
  const length = Math.max(16, kib * 1024 - 500 - END_MARK.length)
  return WORDS.repeat(Math.ceil(length / WORDS.length)).slice(0, length) + END_MARK
}

/** What is looked at in a whole answer, as far as it is there. */
interface WholeAnswer {
  readonly choices?: readonly { readonly message?: { readonly content?: unknown }; readonly finish_reason?: unknown }[]
  readonly usage?: { readonly total_tokens?: unknown }
}

/** Says what is wrong with a whole answer, however it is written down; undefined where nothing is. */
export function faultOfWhole(body: string, asked: Asked): string | undefined {
  let answer: WholeAnswer
  try {
    answer = JSON.parse(body)
  } catch {
    return `no JSON: ${body.slice(0, 120)}`
  }
  const choice = answer.choices?.[0]
  if (choice?.message?.content !== wholeText(asked)) return 'the text differs'
  if (choice?.finish_reason !== 'stop') return `finish reason ${choice?.finish_reason}`
  if (answer.usage?.total_tokens !== usage(WHOLE_TOKENS).total_tokens) return 'the usage differs'
  return undefined
}

/**
 * The events of a stream as they stand after `data: `. Times in stamps are zero. A gateway that has been asked for a whole
 * answer may call for a stream and put it together: it finds the text of that answer.
 */
export function streamEvents(asked: Asked, model: string, withUsage: boolean): string[] {
  const head = { id: 'chatcmpl-bench0000000000000000002', object: 'chat.completion.chunk', model, ...HEAD }
  const chunk = (delta: object, finish: 'stop' | null = null) =>
    JSON.stringify({ ...head, choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }] })
  const texts = asked.kib > 0 ? pieces(wholeText(asked), asked.chars) : stampedTexts(asked)
  const tokens = usage(asked.kib > 0 ? WHOLE_TOKENS : asked.chunks)
  return [
    chunk({ role: 'assistant', content: '', refusal: null }),
    ...texts.map((content) => chunk({ content })),
    chunk({}, 'stop'),
    ...(withUsage ? [JSON.stringify({ ...head, choices: [], usage: tokens })] : []),
    '[DONE]',
  ]
}

function stampedTexts(asked: Asked): string[] {
  return Array.from({ length: asked.chunks }, (_, i) => stamp(i, 0) + chunkText(i, asked))
}

function pieces(text: string, chars: number): string[] {
  return Array.from({ length: Math.ceil(text.length / chars) }, (_, i) => text.slice(i * chars, (i + 1) * chars))
}
