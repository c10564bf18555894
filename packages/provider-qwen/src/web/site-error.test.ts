import { expect, test } from 'vitest'
import { answers, failureOf } from './test-requests.ts'
import { created, failure, frame, frames } from './test-site.ts'

test.each([
  ['Unauthorized', 'token expired', {}, 'credential_rejected', undefined],
  ['RateLimited', 'limit reached', { num: 3 }, 'credential_exhausted', 3 * 3_600_000],
  ['Not_Found', 'model not found', {}, 'deployment_not_found', undefined],
  ['Bad_Request', 'internal error', {}, 'upstream_unavailable', undefined],
  ['Bad_Request', 'content is empty', {}, 'invalid_request', undefined],
  ['Bad_Request', 'it exceeds the maximum context length', {}, 'context_length_exceeded', undefined],
  ['data_inspection_failed', 'refused', {}, 'content_filter', undefined],
  ['Other', 'The server is busy', {}, 'upstream_unavailable', undefined],
])(
  'covers qwen-web errors: %s (%s), in the body and in the stream',
  async (code, details, more, expected, retryAfterMs) => {
    const inBody = await failureOf({}, answers(failure(code, details, more)))
    expect(inBody).toMatchObject({ code: expected, retryAfterMs })
    const event = { success: false, data: { code, details, ...more } }
    const inStream = await failureOf({}, answers(frames([created, event])))
    expect(inStream).toMatchObject({ code: expected, retryAfterMs })
  },
)

test('an error of a delta is one', async () => {
  const event = frame({ error: { code: 'data_inspection_failed', message: 'no' } })
  expect((await failureOf({}, answers(frames([created, event])))).code).toBe('content_filter')
})
