import { collect, isDragomanError } from '@dragoman/core'
import { expect, test } from 'vitest'
import { errorReply, sse } from '../chat-replies.ts'
import type { FixtureCase } from '../fixture.ts'
import { htmlPage, jsonReply, type Reply, redirect, reset, type ScriptedReply } from '../reply.ts'
import { consoleDuring, leaked } from '../secrets.ts'
import { brokenAnswer } from './broken-answer.ts'
import { failureOf } from './expectations.ts'
import type { Rig } from './rig.ts'

/** An upstream that says our secrets back, in every place where it may say something. */
export function testSecrets(ordinary: FixtureCase, start: () => Promise<Rig>): void {
  const { earlier, firstHalf } = brokenAnswer(ordinary)

  /**
   * Whatever was sent, said back, so often that clipping a long text cuts through a secret; the offset makes sure that
   * not every text is cut between two.
   */
  const echo = (secrets: Rig['secrets'], sent: readonly string[], offset: number) => {
    const all = Object.values(secrets).join(' ')
    return [...sent, '.'.repeat(offset), ...Array.from({ length: 400 }, () => all)].join(' ')
  }
  const replies: Record<string, (text: string, header: string) => Reply> = {
    ...Object.fromEntries(
      [400, 401, 403, 404, 413, 422, 429, 500, 503].map((status) => [
        `a ${status}`,
        (text: string, header: string) =>
          errorReply(
            status,
            { error: { message: text, type: text, code: header, param: header } },
            { 'x-request-id': header, 'retry-after': header },
          ),
      ]),
    ),
    'a 400 in plain text': (text) => ({ status: 400, body: text }),
    'an HTML page': (text) => htmlPage(200, text),
    'a JSON error with 200': (text, header) => jsonReply({ error: { message: text, code: header } }),
    'broken JSON': (text) => ({ headers: { 'content-type': 'application/json' }, body: `{"id":"${text}` }),
    'a redirect': (_, header) => redirect(302, `http://127.0.0.1:1/?key=${encodeURIComponent(header)}`),
    'an error in the stream': (text, header) =>
      firstHalf(...sse({ error: { message: text, type: header, code: header } })),
    'an event that is no JSON': (text) => firstHalf(...sse(`{"oops ${text}`)),
    'a reset in the stream': (text) => firstHalf(`: ${text}\n\n`, reset()),
  }
  test.each(Object.entries(replies).map(([name, make], i) => ({ name, make, offset: i * 7 })))(
    '$name that echoes them shows none to anybody',
    async ({ make, offset }) => {
      await using rig = await start()
      const faulty: ScriptedReply = ({ rawHeaders, path, text }) =>
        make(echo(rig.secrets, [...rawHeaders, path, text], offset), Object.values(rig.secrets).join(' '))
      rig.upstream.script(...earlier, faulty)
      let error: unknown
      const printed = await consoleDuring(async () => {
        error = await failureOf(collect(rig.chat(), ordinary.request))
      })
      expect(isDragomanError(error), String(error)).toBe(true)
      expect(leaked(rig.secrets, error), `in the error ${error instanceof Error ? error.message : ''}`).toEqual([])
      expect(leaked(rig.secrets, rig.events), 'in an event').toEqual([])
      expect(leaked(rig.secrets, printed), 'on the console').toEqual([])
    },
  )
}
