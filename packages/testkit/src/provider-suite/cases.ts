import type { ChatCompletionChunk } from '@dragoman/openai-schema'
import { expect, test } from 'vitest'
import { type Cut, everyByte, everyCut, everyEvent, seededCuts } from '../cuts.ts'
import { describeAnswer, describeRequest, type FixtureCase, isEventStream, jsonSnapshot, replay } from '../fixture.ts'
import { type Outcome, outcomeOf, type Rig } from './rig.ts'

declare module 'vitest' {
  interface TaskMeta {
    /** What the fixture case of this test shows. */
    covers?: readonly string[]
  }
}

export type Decode = (body: AsyncIterable<Uint8Array>, fixture: FixtureCase) => AsyncIterable<ChatCompletionChunk>

/** A case's snapshots hold, and hold however its responses are cut. */
export function testCase(fixture: FixtureCase, start: () => Promise<Rig>, decode: Decode | undefined): void {
  const { responses } = fixture
  const describeOutcome = ({ chunks, error }: Outcome) => describeAnswer(chunks, error, responses)
  /** The case's answer when each of its responses is delivered in the pieces that `cutting` makes of its body. */
  const answer = async (cutting: (body: Uint8Array) => Cut) => {
    await using rig = await start()
    rig.upstream.script(...responses.map((response) => replay(response, cutting(response.body))))
    const outcome = await outcomeOf(rig.chat())
    expect(rig.upstream.requests, 'as many requests as the case has responses').toHaveLength(responses.length)
    const requests = rig.upstream.requests.map((request) => describeRequest(request, rig.secrets))
    return { requests, text: describeOutcome(outcome) }
  }
  const whole = (body: Uint8Array): Cut => (body.length > 0 ? [body] : [])

  test('sends and yields what its snapshots say', async ({ task }) => {
    task.meta.covers = fixture.covers
    const { requests, text } = await answer(whole)
    if (requests.length > 0) {
      const sent = requests.length === 1 ? requests[0] : requests
      await expect(jsonSnapshot(sent, fixture.upstreamFile)).toMatchFileSnapshot(fixture.upstreamFile)
    }
    await expect(text).toMatchFileSnapshot(fixture.chunksFile)
  })

  if (responses.length === 0) return
  test('yields the same per event and in 8 random cuts', async () => {
    const { text } = await answer(whole)
    expect((await answer(everyEvent)).text).toBe(text)
    for (let seed = 1; seed <= 8; seed++) {
      const seeded = await answer((body) => seededCuts(body, seed, 1)[0] ?? [])
      expect(seeded.text, `seed ${seed}`).toBe(text)
    }
  })

  const last = responses.at(-1)
  if (!decode || !last || !isEventStream(last)) return
  test('decodes the same with a cut at every byte', { timeout: 120_000 }, async () => {
    const decoded = async (pieces: Cut) => describeOutcome(await outcomeOf(decode(asyncly(pieces), fixture)))
    const text = await decoded([last.body])
    expect(await decoded(everyByte(last.body)), 'byte by byte').toBe(text)
    for (const [at, pieces] of everyCut(last.body).entries()) {
      const got = await decoded(pieces)
      // Compared by hand first: thousands of calls of expect() are slow.
      if (got !== text) expect(got, `cut before byte ${at + 1}`).toBe(text)
    }
  })
}

async function* asyncly(pieces: Cut): AsyncGenerator<Uint8Array> {
  yield* pieces
}
