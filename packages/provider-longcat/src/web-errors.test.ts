import { eventStream, htmlPage, jsonReply, type Reply, sse } from '@dragoman/testkit'
import { describe, expect, test } from 'vitest'
import { request, startSession } from './test-session.ts'

describe('errors', () => {
  const captcha = 'https://x/captcha.js'
  const challenge = { code: 'upstream_challenge', message: expect.stringContaining('supply its fresh cookie') }
  test.each<[string, Reply, object]>([
    ['a dead cookie', jsonReply({ code: 401, message: 'request cookie is empty' }), { code: 'credential_rejected' }],
    ['a 401', { status: 401 }, { code: 'credential_rejected', message: expect.stringContaining('passport_token_key') }],
    ['a 403 that is plain', jsonReply({ code: 403, message: 'no' }, 403), { code: 'credential_rejected' }],
    [
      'too fast, with 200',
      jsonReply({ code: 5, message: '请求过于频繁' }),
      { code: 'rate_limited', retryAfterMs: 15_000 },
    ],
    ['too fast, with 400', jsonReply({ code: 5, message: 'Too many chats' }, 400), { code: 'rate_limited' }],
    ['another code', jsonReply({ code: 7, message: 'Broken' }), { code: 'upstream_unavailable' }],
    ['a bad body', jsonReply({ code: 7, message: 'invalid param content' }), { code: 'invalid_request' }],
    ['a transcript too long', jsonReply({ code: 7, message: '内容超长' }), { code: 'context_length_exceeded' }],
    ['no answer and no error', jsonReply({ code: 0, message: 'success' }), { code: 'upstream_protocol' }],
    ['no frames at all', eventStream([]), { code: 'upstream_empty' }],
    ['an event that is no JSON', eventStream(sse('oops')), { code: 'upstream_protocol' }],
    ['a verification page', { ...htmlPage(200, 'Captcha'), status: 200 }, challenge],
    ['a page with 403', htmlPage(403, 'Sorry'), challenge],
    ['JSON of risk control', jsonReply({ code: 9, message: `risk control, see ${captcha}` }), challenge],
    ['the same with 403', jsonReply({ code: 9, message: 'Please finish the security verification' }, 403), challenge],
    ['a refusal that no API gives', { status: 418, body: 'teapot' }, challenge],
    ['a moved path', { status: 404, body: 'nothing' }, { code: 'deployment_not_found' }],
    ['a maintenance page', htmlPage(), { code: 'upstream_protocol' }],
  ])('%s', async (_, reply, expected) => {
    await using rig = await startSession()
    rig.site.answers(reply)
    await expect(rig.ask()).rejects.toMatchObject(expected)
    // Whatever went wrong, the conversation does not stay.
    await rig.site.deletions(1)
    expect(rig.site.conversations.size).toBe(0)
  })

  test('covers longcat-web errors: bare JSON in place of frames is an error before the first chunk', async () => {
    await using rig = await startSession()
    rig.site.answers({ headers: { 'content-type': 'text/event-stream' }, body: '{"code":429,"message":"Too fast"}\n' })
    const body = JSON.stringify({ ...request, stream: true })
    const response = await rig.fetch('https://x/v1/chat/completions', { method: 'POST', body })
    expect(response.status).toBe(429)
    expect(response.headers.get('retry-after')).toBe('15')
  })

  test.each<[string, Reply, object]>([
    ['too fast', jsonReply({ code: 429, message: 'too frequent' }), { code: 'rate_limited', retryAfterMs: undefined }],
    ['no id', jsonReply({ code: 0, data: {} }), { code: 'upstream_protocol' }],
    ['a verification page', htmlPage(405, 'Verify'), challenge],
  ])('no conversation, because of %s', async (_, reply, expected) => {
    await using rig = await startSession()
    rig.site.insteadOf('create', reply)
    await expect(rig.ask()).rejects.toMatchObject(expected)
    expect(rig.site.requests).toHaveLength(1)
  })
})

describe('probe', () => {
  test.each<[string, Reply, string]>([
    ['signed in', jsonReply({ code: 0, data: { loginStatus: 1 } }), 'ok'],
    ['signed in, by its user', jsonReply({ code: 0, data: { userId: 5 } }), 'ok'],
    ['signed out', jsonReply({ code: 0, data: { loginStatus: 0 } }), 'rejected'],
    ['a dead cookie', jsonReply({ code: 401, message: 'request cookie is empty' }), 'rejected'],
    ['a verification page', htmlPage(403), 'challenged'],
  ])('%s', async (_, reply, expected) => {
    await using rig = await startSession()
    rig.site.insteadOf('current', reply)
    expect(await rig.provider.probe?.(rig.call.credential, rig.call)).toBe(expected)
    expect(rig.site.requests).toHaveLength(1)
  })
})
