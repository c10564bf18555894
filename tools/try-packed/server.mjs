import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const deadline = AbortSignal.timeout(60_000)

// What npx starts.
const program = join('node_modules', '.bin', 'dragoman')

// It brings along all that it needs.
assert.deepEqual(
  readdirSync('node_modules').filter((name) => !name.startsWith('.')),
  ['dragoman'],
)
assert.match(execFileSync(program, ['version'], { encoding: 'utf8' }), /^\d+\.\d+\.\d+/)
assert.ok('$schema' in JSON.parse(execFileSync(program, ['config', 'schema'], { encoding: 'utf8' })))

await streams([], 'demo')
assert.ok(existsSync(join('cache', 'dragoman')), 'it keeps what Node compiled')

// Over HTTP, by a configuration, and with lines for people.
const service = createServer((_, response) => {
  const head = { id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: 'm' }
  const deltas = [{ role: 'assistant', content: 'Hel' }, { content: 'lo' }]
  const choices = [...deltas.map((delta) => ({ delta, finish_reason: null })), { delta: {}, finish_reason: 'stop' }]
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  for (const choice of choices) {
    response.write(`data: ${JSON.stringify({ ...head, choices: [{ index: 0, ...choice }] })}\n\n`)
  }
  response.end('data: [DONE]\n\n')
})
await new Promise((resolve) => service.listen(0, '127.0.0.1', () => resolve(undefined)))
const { port } = /** @type {import('node:net').AddressInfo} */ (service.address())
const provider = `{ type: openai-compatible, baseUrl: 'http://127.0.0.1:${port}/v1' }`
writeFileSync('http.yaml', `providers: { up: ${provider} }\nlog: { format: pretty }\n`)
await streams(['--config', 'http.yaml'], 'up/m')
service.close()

// Where the cache cannot be written: its folder is a file.
writeFileSync('no-folder', '')
await streams([], 'demo', 'no-folder')

/** @param {readonly string[]} args @param {string} model */
async function streams(args, model, cache = 'cache') {
  const env = { ...process.env, XDG_CACHE_HOME: join(process.cwd(), cache) }
  const stdio = /** @type {const} */ (['ignore', 'ignore', 'pipe'])
  const server = spawn(program, [...args, '--port', '0'], { stdio, env, signal: deadline })
  try {
    const response = await fetch(`${await address(server.stderr)}/chat/completions`, {
      method: 'POST',
      signal: deadline,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model, messages: [{ role: 'user', content: 'Hello' }], stream: true }),
    })
    assert.equal(response.headers.get('content-type')?.split(';')[0], 'text/event-stream')
    assert.match(await response.text(), /"content":".*"finish_reason":"stop".*data: \[DONE\]/s)

    server.kill('SIGTERM')
    assert.deepEqual(await once(server, 'exit'), [0, null])
  } finally {
    server.kill('SIGKILL')
  }
}

/** It says so on stderr. @param {import('node:stream').Readable} stderr */
async function address(stderr) {
  for await (const line of createInterface({ input: stderr })) {
    const [found] = /http:\/\/\S+\/v1/.exec(line) ?? []
    if (found) return found
  }
  throw new Error('the server ended without saying where it listens')
}
