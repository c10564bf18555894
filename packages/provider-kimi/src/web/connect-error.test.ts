import { jsonReply, type Reply, stall } from '@dragoman/testkit'
import { describe, expect, test } from 'vitest'
import { kimiWeb } from '../web.ts'
import { answer, endFrame, start, streamed } from './test-site.ts'

describe('errors', () => {
  const inFrame = (code: string, debug: Record<string, unknown> = {}, message?: string): [string, Reply] => [
    `${code} ${JSON.stringify(debug)} in a frame`,
    streamed(endFrame({ error: { code, message, details: [{ type: 't', value: '', debug }] } })),
  ]
  const html = '<html><title>Just a moment...</title><script src="/cdn-cgi/challenge-platform/x.js"></script></html>'
  const page = (status: number): Reply => ({ status, headers: { 'content-type': 'text/html' }, body: html })
  test.each([
    [...inFrame('unauthenticated'), 'credential_rejected'],
    [...inFrame('permission_denied'), 'credential_forbidden'],
    [...inFrame('resource_exhausted', { reason: 'REASON_X', paywall: {} }), 'credential_exhausted'],
    [...inFrame('resource_exhausted', { reason: 'REASON_X' }), 'upstream_unavailable'],
    [...inFrame('failed_precondition', { reason: 'REASON_MODEL_RATE_LIMIT' }), 'upstream_unavailable'],
    [...inFrame('unavailable'), 'upstream_unavailable'],
    [...inFrame('deadline_exceeded'), 'upstream_timeout'],
    [...inFrame('invalid_argument', {}, 'bad blocks'), 'invalid_request'],
    [...inFrame('invalid_argument', {}, 'it exceeds the maximum context length'), 'context_length_exceeded'],
    [...inFrame('data_loss'), 'upstream_unavailable'],
    [...inFrame('permission_denied', {}, 'x-msh-shield-data is required'), 'upstream_challenge'],
    ['a 401', jsonReply({ code: 'unauthenticated', message: 'x' }, 401), 'credential_rejected'],
    ['a 403', jsonReply({ code: 'permission_denied', message: 'x' }, 403), 'credential_forbidden'],
    ['a 429', jsonReply({ code: 'resource_exhausted', message: 'x' }, 429), 'upstream_unavailable'],
    ['a flagged account', jsonReply({ error_type: 'auth.account_abnormal', message: 'x' }, 403), 'credential_disabled'],
    ['a browser check', page(403), 'upstream_challenge'],
    ['a browser check with 200', page(200), 'upstream_challenge'],
    ['nothing but an end', streamed(endFrame()), 'upstream_empty'],
    ['no end', streamed(...answer('Hel').slice(0, 4)), 'upstream_protocol'],
    ['a compressed frame', streamed(Uint8Array.of(1, 0, 0, 0, 0)), 'upstream_protocol'],
    ['a frame above the limit', streamed(Uint8Array.of(0, 255, 0, 0, 0)), 'upstream_protocol'],
    ['a frame that breaks off', streamed(Uint8Array.of(0, 0, 0, 0, 9, 0x7b)), 'upstream_protocol'],
    ['a frame that is no JSON', streamed(Uint8Array.of(0, 0, 0, 0, 1, 0x7b)), 'upstream_protocol'],
  ] as [string, Reply, string][])('covers kimi-web errors: %s is told by what it means', async (_, reply, code) => {
    await using rig = await start()
    rig.site.answer = () => reply
    await expect(rig.ask()).rejects.toMatchObject({ code })
  })

  test('a busy model is left alone for a moment, and the site’s words are told', async () => {
    await using rig = await start()
    const debug = { reason: 'REASON_BUSY', localizedMessage: { locale: 'en-US', message: 'Too many people' } }
    rig.site.answer = () => streamed(endFrame({ error: { code: 'resource_exhausted', details: [{ debug }] } }))
    await expect(rig.ask()).rejects.toMatchObject({
      retryAfterMs: 2000,
      message: expect.stringContaining('Too many people'),
    })
  })

  test('a frame above the limit is not waited for', async () => {
    await using rig = await start()
    rig.site.answer = () => streamed(Uint8Array.of(0, 255, 0, 0, 0), stall())
    await expect(rig.ask()).rejects.toMatchObject({ message: expect.stringContaining('limits.maxEventBytes') })
  })

  test('a browser check tells what a person can do', async () => {
    await using rig = await start()
    rig.site.answer = () => page(403)
    await expect(rig.ask()).rejects.toMatchObject({ message: expect.stringContaining('your own signed-in session') })
  })

  test('images are refused for a model that is not known to see', () => {
    const provider = kimiWeb.create(kimiWeb.options.parse({}))
    const image = { type: 'image_url' as const, image_url: 'data:image/png;base64,AA==' }
    const accepts = (model: string) =>
      provider.accepts?.({ model, messages: [{ role: 'user' as const, content: [image] }] }).refused?.param
    expect(accepts('kimi-k2')).toBe('messages[0].content[0].type')
    expect(accepts('kimi-k2.6-thinking')).toBeUndefined()
  })
})
