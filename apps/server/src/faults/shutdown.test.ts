import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chatChunks, completion, eventStream, gate, sse, stall, startFakeUpstream } from '@dragoman/testkit'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ClientAnswer, either, expectBroken, lanes, post, readStream } from './test-stream-rig.ts'

// The program itself, as a process of its own, told to stop while it serves.

const entry = fileURLToPath(new URL('../main.ts', import.meta.url))

let folder: string
let child: ChildProcess | undefined

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dragoman-shutdown-'))
})

afterEach(async () => {
  if (child && child.exitCode === null && child.signalCode === null) {
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  child = undefined
  rmSync(folder, { recursive: true, force: true })
})

/** Starts the program and waits until it listens. */
async function start(config: string) {
  writeFileSync(join(folder, 'dragoman.yaml'), config)
  const node = ['-C', 'dragoman-source', '--disable-warning=ExperimentalWarning', entry, 'start', '--port', '0']
  const { PATH = '' } = process.env
  const program = spawn(process.execPath, node, { cwd: folder, env: { PATH }, stdio: ['ignore', 'pipe', 'pipe'] })
  child = program
  const ended = once(program, 'close').then(([code]) => code as number | null)
  let said = ''
  let logged = ''
  program.stderr.setEncoding('utf8').on('data', (text) => {
    said += text
  })
  program.stdout.setEncoding('utf8').on('data', (text) => {
    logged += text
  })
  const says = async (pattern: RegExp): Promise<string> => {
    for (;;) {
      const [, found] = pattern.exec(said) ?? []
      if (found !== undefined) return found
      await Promise.race([once(program.stderr, 'data'), ended])
      if (program.exitCode !== null) throw new Error(`It ended: ${said}`)
    }
  }
  const port = Number(await says(/listens on http:\/\/[^/]*:(\d+)\/v1/))
  return { program, port, ended, says, logged: () => logged }
}

/** Whether a new connection is taken. */
const connects = (port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })

describe.each(lanes)('%s', (lane) => {
  test('fault 80: SIGTERM refuses what is new, lets finish what can, and ends the rest honestly', async ({
    signal,
  }) => {
    await using upstream = await startFakeUpstream()
    const rest = gate()
    const hello = sse(...chatChunks({ text: ['Hel', 'lo'] }), '[DONE]')
    upstream.script(
      eventStream([...hello.slice(0, 2), rest, ...hello.slice(2)]),
      eventStream([...hello.slice(0, 2), stall()]),
      either(eventStream([...hello.slice(0, 2), stall()]), { ...completion(), before: [stall()] }),
    )
    const { program, port, ended, says, logged } = await start(`
providers: { up: { type: openai-compatible, baseUrl: '${upstream.origin}/v1', conformant: ${lane === 'relayed'} } }
limits: { graceMs: 1200 }
`)
    const ask = async (body = {}) => new ClientAnswer(await post(port, { model: 'up/m', ...body }))
    const finishing = await ask()
    const hanging = await ask()
    for (const answer of [finishing, hanging]) await answer.until('"Hel"')
    const whole = ask({ stream: false })
    await upstream.received(3)

    program.kill('SIGTERM')
    await says(/(Stopping)/)
    // It says so just before it does so.
    while (!signal.aborted && (await connects(port)));

    // Within the grace.
    rest.open()
    expect(readStream(await finishing.whole())).toMatchObject({ content: 'Hello', finish: 'stop', isDone: true })
    expect(readStream(hanging.text).error, 'the grace is not over yet').toBeUndefined()

    // Beyond it.
    const error = expectBroken(await hanging.whole(), 'Hel')
    expect(error).toMatchObject({ code: 'overloaded', message: expect.stringContaining('shutting down') })
    const answer = await whole
    expect(answer.status).toBe(503)
    expect(JSON.parse(await answer.whole())).toMatchObject({ error: { code: 'overloaded' } })
    expect(await upstream.requests[1]?.closed).toBe('aborted')
    expect(await upstream.requests[2]?.closed).toBe('aborted')

    expect(await ended).toBe(0)
    const records = logged()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    // The two that were ended at one time may be recorded in either order.
    expect(records.map(({ status, error }) => `${status} ${error?.code ?? 'ok'}`).sort()).toEqual([
      '200 ok',
      '200 overloaded',
      '503 overloaded',
    ])
  })

  test('fault 80: with nothing open it ends at once, whoever keeps a connection', async () => {
    await using upstream = await startFakeUpstream()
    const hello = sse(...chatChunks({ text: ['Hel', 'lo'] }), '[DONE]')
    upstream.script(eventStream(hello))
    const { program, port, ended } = await start(`
providers: { up: { type: openai-compatible, baseUrl: '${upstream.origin}/v1', conformant: ${lane === 'relayed'} } }
limits: { graceMs: 60000 }
`)
    const idle = connect(port, '127.0.0.1')
    await once(idle, 'connect')
    const response = await post(port, { model: 'up/m' })
    expect(readStream(await new ClientAnswer(response).whole()).isDone).toBe(true)
    program.kill('SIGTERM')
    // Long before the grace, which is beyond the limit of this test.
    expect(await ended).toBe(0)
    idle.destroy()
  })
})
