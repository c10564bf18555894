import { DragomanError } from '@dragoman/core'
import { expect, test } from 'vitest'
import { renewOnce } from './index.ts'

const stale = new DragomanError('upstream_protocol', 'The nonce is not known')
const isStale = (error: unknown) => error === stale

function scripted(...outcomes: (string | Error)[]) {
  const log: string[] = []
  const action = async () => {
    const outcome = outcomes.shift() ?? 'nothing left'
    log.push('action')
    if (typeof outcome !== 'string') throw outcome
    return outcome
  }
  const renew = async (error: unknown) => {
    log.push(`renew ${error === stale}`)
  }
  return { log, action, renew }
}

test('what succeeds is not renewed', async () => {
  const { log, action, renew } = scripted('ok')
  expect(await renewOnce(action, renew, isStale)).toBe('ok')
  expect(log).toEqual(['action'])
})

test('what failed for a stale state is renewed and done again', async () => {
  const { log, action, renew } = scripted(stale, 'ok')
  expect(await renewOnce(action, renew, isStale)).toBe('ok')
  expect(log).toEqual(['action', 'renew true', 'action'])
})

test('the second failure is thrown', async () => {
  const { log, action, renew } = scripted(stale, stale, 'never')
  await expect(renewOnce(action, renew, isStale)).rejects.toBe(stale)
  expect(log).toEqual(['action', 'renew true', 'action'])
})

test.each([
  ['another failure', new DragomanError('rate_limited', 'Later')],
  ['an abort', new DragomanError('aborted', 'The caller left')],
])('%s is not renewed', async (_name, error) => {
  const { log, action, renew } = scripted(error)
  const always = () => error.code === 'aborted'
  await expect(renewOnce(action, renew, always)).rejects.toBe(error)
  expect(log).toEqual(['action'])
})
