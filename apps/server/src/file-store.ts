import { createHash, randomBytes } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Clock, DragomanError, systemClock } from '@dragoman/core'
import type { FileObject, FilePurpose } from '@dragoman/openai-schema'
import { mediaTypeOf } from './file-store-media-type.ts'

export interface FileStoreOptions {
  /** Made when the first file comes; nobody else may read what is in it. */
  readonly folder: string
  readonly clock?: Clock | undefined
  /** Bytes of one file, and of all files of one key; how many files of one key. */
  readonly limits?: Partial<typeof defaultLimits> | undefined
}

export interface Upload {
  readonly filename: string
  readonly purpose: FilePurpose
  /** As the client says. */
  readonly type: string | undefined
  readonly bytes: Uint8Array
  /** Sooner than all files do. */
  readonly expiresAfterMs?: number | undefined
}

export interface StoredFile extends FileObject {
  /** What is in it, as far as that can be seen. */
  readonly type: string
  readonly expires_at: number
}

const defaultLimits = { maxFileBytes: 32_000_000, maxClientBytes: 1_000_000_000, maxClientFiles: 10_000 }

/** How long a file is kept. */
export const keptMs = 7 * 24 * 60 * 60 * 1000

const sweepEveryMs = 60 * 60 * 1000

const idForm = /^file-[0-9a-f]{32}$/

type Files = Map<string, StoredFile>

/**
 * Files of clients, on disk: each with its content, and a second file that says what it is and is written last. They
 * belong to the client key that brought them; nobody else finds them.
 */
export class FileStore {
  readonly #folder: string
  readonly #clock: Clock
  readonly #limits: typeof defaultLimits
  /** What each client has, once somebody has asked. */
  readonly #clients = new Map<string, Promise<Files>>()
  #sweptAt = 0

  constructor({ folder, clock = systemClock, limits }: FileStoreOptions) {
    this.#folder = folder
    this.#clock = clock
    this.#limits = { ...defaultLimits, ...limits }
  }

  /** Throws where it is too large, or where its owner has too many. */
  async put(client: string, { filename, purpose, type, bytes, expiresAfterMs = keptMs }: Upload): Promise<FileObject> {
    const { maxFileBytes, maxClientBytes, maxClientFiles } = this.#limits
    if (bytes.length > maxFileBytes) {
      throw new DragomanError('request_too_large', `file: a file may have ${maxFileBytes} bytes`, { param: 'file' })
    }
    const files = await this.#filesOf(client)
    const taken = [...files.values()].reduce((sum, file) => sum + file.bytes, 0)
    if (taken + bytes.length > maxClientBytes || files.size >= maxClientFiles) {
      const message = `The files of this key take ${taken} of ${maxClientBytes} bytes: delete some, or let them expire`
      throw new DragomanError('insufficient_quota', message)
    }
    const now = this.#clock.now()
    const file: StoredFile = {
      id: `file-${randomBytes(16).toString('hex')}`,
      object: 'file',
      bytes: bytes.length,
      created_at: Math.floor(now / 1000),
      expires_at: Math.floor((now + Math.min(expiresAfterMs, keptMs)) / 1000),
      filename,
      purpose,
      status: 'processed',
      type: mediaTypeOf(bytes, filename, type),
    }
    // Before anything is written: another upload that comes now has to count it.
    files.set(file.id, file)
    try {
      await this.#write(client, file, bytes)
    } catch (cause) {
      files.delete(file.id)
      throw cause
    }
    return publicly(file)
  }

  /** Oldest first. */
  async list(client: string): Promise<FileObject[]> {
    return [...(await this.#filesOf(client)).values()].map(publicly)
  }

  async get(client: string, id: string): Promise<FileObject | undefined> {
    const file = await this.#find(client, id)
    return file && publicly(file)
  }

  async content(client: string, id: string): Promise<{ file: StoredFile; bytes: Buffer } | undefined> {
    const file = await this.#find(client, id)
    const bytes = file && (await readFile(this.#path(client, file.id)).catch(unlessMissing))
    return bytes && { file, bytes }
  }

  /** Whether there was one. */
  async delete(client: string, id: string): Promise<boolean> {
    const file = await this.#find(client, id)
    if (!file) return false
    ;(await this.#filesOf(client)).delete(id)
    await this.#remove(this.#folderOf(client), id)
    return true
  }

  async #find(client: string, id: string): Promise<StoredFile | undefined> {
    return idForm.test(id) ? (await this.#filesOf(client)).get(id) : undefined
  }

  /** Those that have not expired. */
  async #filesOf(client: string): Promise<Files> {
    await this.#sweepSometimes()
    let reading = this.#clients.get(client)
    if (!reading) {
      reading = this.#read(this.#folderOf(client))
      this.#clients.set(client, reading)
      reading.catch(() => this.#clients.delete(client))
    }
    const files = await reading
    for (const file of files.values()) {
      if (!this.#isExpired(file)) continue
      files.delete(file.id)
      await this.#remove(this.#folderOf(client), file.id)
    }
    return files
  }

  #isExpired({ expires_at }: StoredFile): boolean {
    return expires_at * 1000 <= this.#clock.now()
  }

  /** Who does not come back leaves files behind, and so does a crash. */
  async #sweepSometimes(): Promise<void> {
    const now = this.#clock.now()
    if (now - this.#sweptAt < sweepEveryMs) return
    this.#sweptAt = now
    try {
      await this.#sweep(now)
    } catch {
      // They are in nobody's way, and the next sweep comes.
    }
  }

  async #sweep(now: number): Promise<void> {
    for (const owner of (await readdir(this.#folder).catch(unlessMissing)) ?? []) {
      const folder = join(this.#folder, owner)
      const files = await this.#read(folder)
      for (const file of files.values()) if (this.#isExpired(file)) await this.#remove(folder, file.id)
      for (const name of await readdir(folder)) {
        const isHalf = !files.has(name.replace(/\.\w+$/, ''))
        // One that is new may be under way.
        if (isHalf && now - (await stat(join(folder, name))).mtimeMs > keptMs) await rm(join(folder, name))
      }
    }
  }

  async #read(folder: string): Promise<Files> {
    const names = (await readdir(folder).catch(unlessMissing)) ?? []
    const files: StoredFile[] = []
    for (const name of names) {
      if (!name.endsWith('.json')) continue
      const text = await readFile(join(folder, name), 'utf8').catch(unlessMissing)
      if (text !== undefined) files.push(JSON.parse(text) as StoredFile) // as it was written here
    }
    files.sort((a, b) => a.created_at - b.created_at)
    return new Map(files.map((file) => [file.id, file]))
  }

  async #write(client: string, file: StoredFile, bytes: Uint8Array): Promise<void> {
    await mkdir(this.#folderOf(client), { recursive: true, mode: 0o700 })
    const path = this.#path(client, file.id)
    try {
      await writeFile(path, bytes, { mode: 0o600 })
      await writeFile(`${path}.part`, JSON.stringify(file), { mode: 0o600 })
      await rename(`${path}.part`, `${path}.json`)
    } catch (cause) {
      await this.#remove(this.#folderOf(client), file.id).catch(() => {}) // what went wrong first is told
      throw cause
    }
  }

  async #remove(folder: string, id: string): Promise<void> {
    for (const ending of ['.json', '.part', '']) await rm(join(folder, id + ending), { force: true })
  }

  #path(client: string, id: string): string {
    return join(this.#folderOf(client), id)
  }

  /** Names of clients may hold anything. */
  #folderOf(client: string): string {
    return join(this.#folder, createHash('sha256').update(client).digest('hex').slice(0, 32))
  }
}

function publicly({ type, ...file }: StoredFile): FileObject {
  return file
}

function unlessMissing(cause: unknown): undefined {
  if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined
  throw cause
}
