import { constants } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import type { FoundCredentials } from './credential-source.ts'
import { type ParseCredentialsOptions, parseCredentials } from './parse-credentials.ts'
import { errorName, keepPrivate, type Privacy } from './private-mode.ts'

/** More is something else than credentials. */
const largestBytes = 16 * 1024 * 1024

/** Equal as long as nobody wrote to a file, as far as its file system can tell. */
type Look = string

type Seen =
  | { readonly kind: 'seen'; readonly look: Look; readonly notice: string | undefined }
  | { readonly kind: 'unusable'; readonly problem: string }

export interface FileReading extends Omit<ParseCredentialsOptions, 'from'> {
  /** Its mode is not looked at. */
  readonly allowOthersToRead?: boolean | undefined
}

/**
 * One file of credentials over time. Once it gave some, they are given until it holds others: a file that is gone,
 * empty, unreadable or half-written takes nothing away.
 */
export class CredentialFile {
  readonly #path: string
  readonly #parsing: ParseCredentialsOptions
  readonly #allowsOthers: boolean
  #given: FoundCredentials['credentials'] = []
  #problems: readonly string[] = []
  /** The look of what was read, after it had been the same twice. */
  #settled: Look | undefined
  /** The look of the last time, while it is not yet read or not yet settled. */
  #last: Look | undefined

  constructor(path: string, { allowOthersToRead = false, ...parsing }: FileReading) {
    this.#path = path
    this.#parsing = { ...parsing, from: path }
    this.#allowsOthers = allowOthersToRead
  }

  get found(): FoundCredentials {
    return { credentials: this.#given, problems: this.#problems }
  }

  /**
   * Looks whether it changed, and reads it when it looks the same as the last time: one that is being written does not.
   * @param atOnce Reads it in any case.
   */
  async look(atOnce: boolean): Promise<void> {
    const seen = await this.#see()
    if (seen.kind === 'unusable') {
      this.#settled = this.#last = undefined
      this.#failed(seen.problem)
      return
    }
    const isSame = seen.look === this.#last
    this.#last = seen.look
    if (atOnce || (isSame && seen.look !== this.#settled)) {
      if ((await this.#read(seen.look)) && isSame) this.#settled = seen.look
    }
    if (seen.notice !== undefined) this.#problems = [`${this.#path}: ${seen.notice}`, ...this.#problems]
  }

  async #see(): Promise<Seen> {
    try {
      const stats = await stat(this.#path, { bigint: true })
      if (!stats.isFile()) return unusable('is not a file')
      if (stats.size > largestBytes) return unusable(`has ${stats.size} bytes; more than ${largestBytes} are not read`)
      const privacy = this.#allowsOthers ? asItIs : await keepPrivate(this.#path, { mode: 0o600 })
      if (privacy.kind === 'refused') return unusable(`${privacy.words}; it is not read`)
      const look = `${stats.ino} ${stats.size} ${stats.mtimeNs}`
      return { kind: 'seen', look, notice: privacy.kind === 'repaired' ? privacy.words : undefined }
    } catch (error) {
      if (errorName(error) === 'ENOENT') return unusable(this.#given.length > 0 ? 'is gone' : 'is not there')
      return unusable(`cannot be read (${errorName(error)})`)
    }
  }

  /** False when it changed meanwhile. */
  async #read(look: Look): Promise<boolean> {
    let text: string
    try {
      text = await readText(this.#path)
    } catch (error) {
      this.#failed(`cannot be read (${errorName(error)})`)
      return false
    }
    const after = await this.#see()
    if (after.kind === 'unusable' || after.look !== look) return false
    const { credentials, problems } = parseCredentials(text, this.#parsing)
    if (credentials.length > 0) {
      this.#given = credentials
      this.#problems = problems
    } else {
      this.#failed(text.trim() === '' ? 'is empty' : 'holds no credential that can be used', problems)
    }
    return true
  }

  #failed(problem: string, details: readonly string[] = []): void {
    const count = this.#given.length
    const kept =
      count === 0 ? '' : count === 1 ? '; the credential it gave goes on' : `; the ${count} credentials it gave go on`
    this.#problems = [`${this.#path}: ${problem}${kept}`, ...details]
  }
}

const asItIs: Privacy = { kind: 'private' }

function unusable(problem: string): Seen {
  return { kind: 'unusable', problem }
}

async function readText(path: string): Promise<string> {
  // A pipe that took the place of the file would wait for its writer.
  const handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
  try {
    return await handle.readFile('utf8')
  } finally {
    await handle.close()
  }
}
