import type { ChatCompletionChunk } from '@dragoman/openai-schema'
import { handClock } from '@dragoman/testkit'
import { framesOf, openSeal } from '../test-front.ts'
import { responsesClient } from './client.ts'
import { parsedFrames } from './test-frames.ts'

export const clock = handClock()

/** A request as it is read, with a seal and a clock that stands. */
export function read(body: object = {}) {
  return responsesClient.readRequest({ model: 'asked', input: 'Hi', ...body }, { seal: openSeal, clock })
}

/** The answer to it: its events, and what is stored. */
export function answered(chunks: readonly ChatCompletionChunk[], body: object = {}) {
  const encoder = read(body).encoder()
  const events = parsedFrames(framesOf(encoder, chunks))
  if (!encoder.final) throw new Error('No response')
  return { events, ...encoder.final }
}

export const sealedToo = { include: ['reasoning.encrypted_content'] }
