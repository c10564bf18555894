import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chatChunks, eventStream, gate, sse, startFakeUpstream } from '@dragoman/testkit'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { listening, type Program, startProgram } from './test-program.ts'

// The program itself, as a process of its own.

let folder: string
const running = new Set<Program>()

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dragoman-main-'))
})

afterEach(async () => {
  await Promise.all([...running].map((program) => program[Symbol.asyncDispose]()))
  running.clear()
  rmSync(folder, { recursive: true, force: true })
})

function run(args: readonly string[], env?: Record<string, string>): Program {
  const program = startProgram(folder, args, env)
  running.add(program)
  return program
}

const ask = (url: string, body: object) =>
  fetch(`${url}/v1/chat/completions`, { method: 'POST', body: JSON.stringify(body) })
const hello = { model: 'any name', messages: [{ role: 'user', content: 'Hello' }] }

test('without anything configured it says what it found and how to call it, and that works', async () => {
  const program = run(['--port', '0'])
  const url = await listening(program)
  expect(program.stderr).toContain('demo')
  expect(program.stderr).toContain(`curl ${url}/v1/chat/completions`)
  const answer = await (await ask(url, hello)).json()
  expect(answer).toMatchObject({ choices: [{ message: { content: expect.stringContaining('Hello') } }] })
  program.child.kill('SIGTERM')
  expect(await program.ended).toBe(0)
  expect(JSON.parse(program.stdout)).toMatchObject({ model: 'any name', served: 'demo/demo', status: 200 })
})

test.each(['SIGTERM', 'SIGINT'] as const)('%s lets an open stream finish, and leaves no process', async (signal) => {
  await using upstream = await startFakeUpstream()
  const rest = gate()
  const frames = sse(...chatChunks({ text: ['one', 'two'] }), '[DONE]')
  upstream.script(eventStream([...frames.slice(0, 2), rest, ...frames.slice(2)]))
  writeFileSync(
    join(folder, 'dragoman.yaml'),
    `providers: { up: { type: openai-compatible, baseUrl: '${upstream.origin}/v1' } }`,
  )
  const program = run(['--port', '0'])
  const url = await listening(program)
  const open = await ask(url, { ...hello, model: 'up/m', stream: true })
  program.child.kill(signal)
  // npm, its shell and we all get a Ctrl-C, and some pass it on: at once is the same one.
  program.child.kill(signal)
  while (!program.stderr.includes('Stopping')) await once(program.child.stderr, 'data')
  await expect(ask(url, hello)).rejects.toThrow()
  rest.open()
  const text = await open.text()
  expect(text).toContain('"content":"two"')
  expect(text.endsWith('data: [DONE]\n\n')).toBe(true)
  expect(await program.ended).toBe(0)
})

test('a configuration that is wrong stops the start, with a line for each mistake', async () => {
  writeFileSync(join(folder, 'dragoman.yaml'), 'server: { prot: 9000 }\nlimits: { attempts: many }\n')
  const program = run([])
  expect(await program.ended).toBe(1)
  expect(program.stderr).toMatch(/dragoman\.yaml:1: .*prot.*port/)
  expect(program.stderr).toMatch(/dragoman\.yaml:2: limits\.attempts: .*"many"/)
  expect(program.stderr).not.toContain('    at ')
})

test('a port that is taken is said in words', async () => {
  const first = run(['--port', '0'])
  const { port } = new URL(await listening(first))
  const second = run(['--port', port])
  expect(await second.ended).toBe(1)
  expect(second.stderr).toContain(`Port ${port} of 127.0.0.1 is taken`)
})

test('an unknown option is named, with the nearest known one', async () => {
  const program = run(['--prot', '1'])
  expect(await program.ended).toBe(1)
  expect(program.stderr).toContain('--port')
})

test("help, version and the configuration's documents go to stdout", async () => {
  const [help, version, schema, check] = [['--help'], ['--version'], ['config', 'schema'], ['config', 'check']].map(
    (args) => run(args),
  )
  for (const program of [help, version, schema, check]) expect(await program?.ended).toBe(0)
  expect(help?.stdout).toContain('--config')
  expect(version?.stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
  expect(JSON.parse(schema?.stdout ?? '')).toMatchObject({ $schema: expect.stringContaining('2020-12') })
  expect(check?.stdout).toContain('The configuration is right')
})
