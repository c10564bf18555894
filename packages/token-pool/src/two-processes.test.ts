import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Exchange, type FakeUpstream, gate, jsonReply, type Reply, startFakeUpstream } from '@dragoman/testkit'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { startProcess, type TestProcess } from './test-process.ts'

// Two programs with the same account and the same vault, and a service that counts how often they sign in.

let directory: string
let service: FakeUpstream
let first: TestProcess
let second: TestProcess

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'dragoman-two-'))
  service = await startFakeUpstream()
  first = startProcess('./test-refresher.ts', directory, service.origin)
  second = startProcess('./test-refresher.ts', directory, service.origin)
  await Promise.all([first.line('ready'), second.line('ready')])
})
afterEach(async () => {
  await Promise.all([first.kill(), second.kill()])
  await service.close()
  await rm(directory, { recursive: true })
})

const both = (command: string) => {
  first.say(command)
  second.say(command)
}

/** The one of the two that says so first. */
async function whoSays(line: string): Promise<TestProcess> {
  const saying = async (one: TestProcess) => {
    await one.line(line)
    return one
  }
  return await Promise.race([saying(first), saying(second)])
}

/** As services do that rotate: a refresh token is good for one use, and a password for the first session alone. */
function rotating(): (request: Exchange, before?: Reply['before']) => Reply {
  let session = 0
  return (request, before = []) => {
    const expected = session === 0 ? undefined : `refresh-${session}`
    if (request.json.refresh !== expected) return jsonReply({ error: 'used' }, 401)
    session++
    return { ...jsonReply({ token: `token-${session}`, refresh: `refresh-${session}` }), before }
  }
}

test('fault 88: two processes that need the first session sign in once', async () => {
  const hold = gate()
  const answer = rotating()
  service.always((request) => answer(request, [hold]))
  both('lease')
  await whoSays('waits')
  hold.open()
  expect(await Promise.all([first.line('token'), second.line('token')])).toEqual(['token: token-1', 'token: token-1'])
  expect(service.requests).toHaveLength(1)
  expect(await readdir(directory)).toEqual(['zai.vault'])
})

test('fault 88: two processes whose token is refused at the same time refresh it once', async () => {
  const hold = gate()
  const answer = rotating()
  service.always((request) => answer(request, service.requests.length > 1 ? [hold] : []))
  both('lease')
  await Promise.all([first.line('token'), second.line('token')])
  const next = Promise.all([first.nextLine('token'), second.nextLine('token')])
  const waits = Promise.any([first.nextLine('waits'), second.nextLine('waits')])
  both('refused')
  both('lease')
  await waits
  hold.open()
  expect(await next).toEqual(['token: token-2', 'token: token-2'])
  expect(service.requests.map(({ json }) => json.refresh)).toEqual([undefined, 'refresh-1'])
})

test('a process that is killed while it signs in is followed by the other one at once', async () => {
  const hold = gate()
  const answer = rotating()
  service.script({ before: [hold] }).always((request) => answer(request))
  both('lease')
  const holder = await whoSays('locked')
  const other = holder === first ? second : first
  await other.line('waits')
  await hold.reached
  await holder.kill()
  expect(await other.line('token')).toBe('token: token-1')
  expect(service.requests).toHaveLength(2)
})
