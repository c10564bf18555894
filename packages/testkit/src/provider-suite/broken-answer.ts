import { everyEvent } from '../cuts.ts'
import { type FixtureCase, type RecordedResponse, replay } from '../fixture.ts'
import type { Reply, Step } from '../reply.ts'

/** An ordinary streamed answer, taken apart so that tests can break it. */
export interface BrokenAnswer {
  /** The responses before the last one, for a provider that needs several: these stay whole. */
  readonly earlier: readonly Reply[]
  /** The last response up to the middle of its events, then these steps, then a proper end. */
  firstHalf(...more: readonly Step[]): Reply
  /** The same with a lazy continuation, made of the event in the middle. */
  firstHalfThen(more: (event: Uint8Array) => Iterable<Step>): Reply
  /** The last response's head and an empty body. */
  readonly withoutBody: Reply
}

export function brokenAnswer({ responses }: FixtureCase): BrokenAnswer {
  const last = responses.at(-1)
  const events = everyEvent(last?.body ?? '')
  const half = events.slice(0, Math.ceil(events.length / 2))
  const headers = last ? withoutLength(last) : {}
  return {
    earlier: responses.slice(0, -1).map((response) => replay(response)),
    firstHalf: (...more) => ({ headers, body: [...half, ...more] }),
    firstHalfThen: (more) => ({
      headers,
      body: (function* () {
        yield* half
        yield* more(half.at(-1) ?? Buffer.from('\n'))
      })(),
    }),
    withoutBody: { headers },
  }
}

function withoutLength({ headers }: RecordedResponse): RecordedResponse['headers'] {
  const { 'content-length': _, ...others } = headers
  return others
}
