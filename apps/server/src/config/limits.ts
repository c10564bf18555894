import { z } from 'zod'

// Later than this a timer of Node fires at once.
const maxTimerMs = 2 ** 31 - 1

export const durationMs = z
  .int()
  .min(1)
  .max(maxTimerMs)
  .meta({ title: `milliseconds from 1 to ${maxTimerMs}` })
const bytes = z.int().min(1).meta({ title: 'a number of bytes' })
const MiB = 1024 * 1024

/** The limits that a provider or a deployment may set for itself. */
const upstreamLimits = {
  connectMs: durationMs.describe('To an open connection to the upstream.'),
  headersMs: durationMs.describe('From the request sent to the head of a streamed response.'),
  wholeHeadersMs: durationMs.describe('The same for a whole one, whose head comes when the model has finished.'),
  firstTokenMs: durationMs.describe('From the start of an attempt to the first output of the model.'),
  idleMs: durationMs.describe('Between two reads from the upstream. Output may be apart five times as long.'),
  maxEventBytes: bytes.describe('One server-sent event of an upstream.'),
  maxAnswerBytes: bytes.describe('A whole answer of an upstream, decompressed.'),
}

/** As a provider or a deployment sets them. */
export const limitOverrides = z.strictObject(upstreamLimits).exactPartial()

/** As they hold for the whole server. */
export const limitsSchema = z.strictObject({
  ...upstreamLimits,
  connectMs: upstreamLimits.connectMs.default(10_000),
  headersMs: upstreamLimits.headersMs.default(60_000),
  wholeHeadersMs: upstreamLimits.wholeHeadersMs.default(300_000),
  firstTokenMs: upstreamLimits.firstTokenMs.default(120_000),
  idleMs: upstreamLimits.idleMs.default(120_000),
  totalMs: durationMs.default(3_600_000).describe('A whole request, all attempts together.'),
  heartbeatMs: durationMs.default(15_000).describe('Silence towards a streaming client before a heartbeat is sent.'),
  graceMs: durationMs.default(8_000).describe('How long open answers may go on when the server is told to stop.'),
  maxBodyBytes: bytes.default(32 * MiB).describe('The body of one request, decompressed.'),
  maxBodiesBytes: bytes.default(256 * MiB).describe('All bodies in memory together; then new ones get `overloaded`.'),
  maxEventBytes: upstreamLimits.maxEventBytes.default(8 * MiB),
  maxAnswerBytes: upstreamLimits.maxAnswerBytes.default(256 * MiB),
  attempts: z
    .int()
    .min(1)
    .max(100)
    .default(3)
    .describe('Calls to upstreams for one request; never fewer than there are healthy targets.'),
})
