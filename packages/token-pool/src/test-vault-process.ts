/*
 * A process of its own, for tests of what several of them do with one file:
 *
 *     node -C dragoman-source test-vault-process.ts save <directory> <prefix> <count>
 *     … lock <directory> <key> <ttlMs>
 *     … key <path>
 *
 * Says `ready`, begins at the first line of its input, and says what it did.
 */
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { openVault, vaultKey, vaultKeyFile } from './files.ts'

const [task = '', path = '', name = '', number = ''] = process.argv.slice(2)
const say = (line: string) => process.stdout.write(`${line}\n`)
const open = () => openVault({ directory: path, name: 'zai', key: vaultKey('0'.repeat(64)) })

const tasks: Record<string, () => Promise<void>> = {
  async save() {
    const vault = await open()
    for (let i = 0; i < Number(number); i++) {
      await vault.save(`${name}-${i}`, { values: { token: `${name}-${i}` }, savedAt: i })
      say(`saved ${i}`)
    }
  },
  async lock() {
    const vault = await open()
    say((await vault.lock(name, Number(number))) ? 'locked' : 'refused')
    await once(process, 'never')
  },
  async key() {
    say((await vaultKeyFile(path)).secret.reveal())
  },
}

const input = createInterface({ input: process.stdin })
const go = once(input, 'line')
say('ready')
await go
await tasks[task]?.()
input.close()
process.stdin.destroy()
