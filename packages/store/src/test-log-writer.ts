import { createInterface } from 'node:readline'
import type { LogEntry } from '@dragoman/core'
import { sqliteLog } from './drivers/sqlite-log.ts'

// A process that writes a log until it is killed: `write` says how many entries are safe, `write on` never ends.

const [, , folder = ''] = process.argv
const log = sqliteLog({ folder })
let written = 0

const entry: LogEntry = {
  id: '',
  startedAt: Date.UTC(2026, 0, 1),
  durationMs: 1,
  dialect: 'openai-chat',
  client: 'team',
  model: 'gpt',
  streamed: true,
  status: 200,
  attempts: [],
  dropped: [],
}

function writeSome(): void {
  for (let i = 0; i < 100; i++, written++) {
    const id = `${written}`
    log.append({ ...entry, id }, { bodies: { 'client-request': `body of ${id} ${'x'.repeat(2_000)}` } })
  }
}

createInterface({ input: process.stdin }).on('line', async (line) => {
  if (line === 'write') {
    writeSome()
    await log.flush()
    console.log(written)
  }
  if (line === 'write on') {
    for (let i = 0; ; i++) {
      writeSome()
      await log.flush()
      if (i === 5) console.log('much is written')
    }
  }
})
console.log('ready')
