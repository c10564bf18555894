import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const deadline = AbortSignal.timeout(60_000)

// What npx starts.
const program = join('node_modules', '.bin', 'dragoman')
const server = spawn(program, ['--port', '0'], { stdio: ['ignore', 'ignore', 'pipe'], signal: deadline })
try {
  const response = await fetch(`${await address()}/chat/completions`, {
    method: 'POST',
    signal: deadline,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'demo', messages: [{ role: 'user', content: 'Hello' }], stream: true }),
  })
  assert.equal(response.headers.get('content-type')?.split(';')[0], 'text/event-stream')
  assert.match(await response.text(), /"content":".*"finish_reason":"stop".*data: \[DONE\]/s)

  server.kill('SIGTERM')
  assert.deepEqual(await once(server, 'exit'), [0, null])
} finally {
  server.kill('SIGKILL')
}

/** It says so on stderr. */
async function address() {
  for await (const line of createInterface({ input: server.stderr })) {
    const [found] = /http:\/\/\S+\/v1/.exec(line) ?? []
    if (found) return found
  }
  throw new Error('the server ended without saying where it listens')
}
