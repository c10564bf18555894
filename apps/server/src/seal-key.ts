import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { Clock } from '@dragoman/core'
import { derivedKey, vaultKey, vaultKeyFile } from '@dragoman/token-pool/files'
import type { Logger } from 'pino'
import type { Settings } from './config/settings.ts'

/** The same key gives the same one again: what clients hold outlives this process. */
const salt = Buffer.from('dragoman reasoning seal')

/**
 * What reasoning is sealed with for clients: made of the vault's key, when it is needed first. Where that cannot be had,
 * a key of this process, which is said.
 */
export function sealKey(
  { vaultKey: configured, paths }: Pick<Settings, 'vaultKey' | 'paths'>,
  clock: Clock,
  log: Pick<Logger, 'warn'>,
): () => Promise<Uint8Array> {
  const read = async () => {
    try {
      const onNotice = (notice: string) => log.warn(notice)
      const key = configured
        ? vaultKey(configured.reveal())
        : await vaultKeyFile(join(paths.store, 'sessions.key'), { clock, onNotice })
      return await derivedKey(key, salt)
    } catch (err) {
      log.warn({ err }, 'Reasoning is sealed with a key of this process: its clients lose it when it ends')
      return randomBytes(32)
    }
  }
  let reading: Promise<Uint8Array> | undefined
  return () => {
    reading ??= read()
    return reading
  }
}
