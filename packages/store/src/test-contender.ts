import { createInterface } from 'node:readline'
import { type SqliteState, sqliteState } from './drivers/sqlite.ts'

// One of the processes that share a file: does what it is told, line by line.

const [, , path = ''] = process.argv
let opened: SqliteState | undefined
/** Not before the first command, so that all can open it at the same moment. */
const state = () => {
  opened ??= sqliteState({ path })
  return opened
}
let unlock: (() => Promise<void>) | undefined

const commands: Readonly<Record<string, (times: number) => Promise<string>>> = {
  async count(times) {
    for (let i = 0; i < times; i++) await state().increment('counter', 1, { ttlMs: 3_600_000 })
    return 'counted'
  },
  /** Reads and writes in two steps, which only a lock makes safe. */
  async add(times) {
    for (let i = 0; i < times; i++) {
      const leave = await locked()
      const before = Number((await state().get('sum')) ?? 0)
      await new Promise((resolve) => setImmediate(resolve))
      await state().set('sum', String(before + 1))
      await leave()
    }
    return 'added'
  },
  async lock() {
    unlock = await state().lock('lock', 3_600_000)
    return unlock ? 'locked' : 'refused'
  },
  async unlock() {
    await unlock?.()
    return 'unlocked'
  },
}

async function locked(): Promise<() => Promise<void>> {
  for (;;) {
    const leave = await state().lock('lock', 3_600_000)
    if (leave) return leave
    await new Promise((resolve) => setImmediate(resolve))
  }
}

createInterface({ input: process.stdin }).on('line', async (line) => {
  const [command = '', times] = line.split(' ')
  console.log(await commands[command]?.(Number(times)))
})
console.log('ready')
