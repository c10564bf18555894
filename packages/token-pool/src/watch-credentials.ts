import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type Clock, type Secret, systemClock } from '@dragoman/core'
import { CredentialFile, type FileReading } from './credential-file.ts'
import type { CredentialSource, FoundCredentials } from './credential-source.ts'
import { fingerprint } from './fingerprint.ts'
import { type ParseCredentialsOptions, parseCredentials } from './parse-credentials.ts'
import { errorName } from './private-mode.ts'

/** Where credentials stand. Paths are shown in messages as they are given here. */
export type CredentialLocation = {
  /** The name of a bare token in there. Default: that of the whole watch. */
  readonly field?: string | undefined
} & (
  | ({ readonly file: string } & Sharing)
  /** Every regular file in it, by name: not hidden, no temporary or saved copy (`.tmp`, `.backup`, `~`). */
  | ({ readonly directory: string } & Sharing)
  /** The value of a variable, under the variable's name. Never changes. */
  | { readonly text: string; readonly from: string }
)

interface Sharing {
  /** Files that others can read are used as they are: secrets that are mounted into a container. Default false. */
  readonly allowOthersToRead?: boolean | undefined
}

export interface WatchCredentialsOptions {
  /** Of credentials that stand in several places the first one counts. */
  readonly sources: readonly CredentialLocation[]
  /** The name under which a bare token is stored: `token`, `apiKey`. */
  readonly field: string
  readonly check?: ((values: Readonly<Record<string, Secret>>) => string | undefined) | undefined
  /** How often files are looked at. Default 2000. */
  readonly pollMs?: number | undefined
  readonly clock?: Clock | undefined
  /** The whole list: what was found first, before `ready` resolves, and then whenever it differs. Must not throw. */
  readonly onChange: (found: FoundCredentials) => void
  /** Each problem once, for as long as it lasts. Without secrets. */
  readonly onProblem?: ((problem: string) => void) | undefined
}

export interface CredentialWatch {
  /** The first reading. Files that are missing or malformed are among its problems: it does not reject for them. */
  readonly ready: Promise<FoundCredentials>
  /** Those of the last reading. */
  readonly problems: readonly string[]
  /** Reads all files now, whether they look changed or not. */
  reload(): Promise<FoundCredentials>
  /** No more readings and no more calls. */
  close(): void
}

/**
 * Reads credentials from files, folders and variables, and files again when they change. They are looked at from time
 * to time: no notification works on network drives and in containers. A change is read when it has looked the same
 * twice, so nobody gets half of a file.
 *
 * What a file gave stays when the file is gone, empty or unreadable. Only a file that is taken out of a folder while
 * others remain in there takes its credentials along. Files that other users could read are set to mode 0600, or not
 * read where that fails.
 */
export function watchCredentials(options: WatchCredentialsOptions): CredentialWatch {
  const { clock = systemClock, pollMs = 2000, onChange, onProblem } = options
  const places = options.sources.map((source) => placeOf(source, options))
  let isClosed = false
  let cancel: (() => void) | undefined
  let told = new Set<string>()
  let delivered: string | undefined

  const look = async (atOnce: boolean): Promise<FoundCredentials> => {
    for (const place of places) await place.look(atOnce)
    const found = merged(places.map((place) => place.found))
    if (isClosed) return found
    for (const problem of new Set(found.problems)) if (!told.has(problem)) onProblem?.(problem)
    told = new Set(found.problems)
    const key = listKey(found.credentials)
    if (key !== delivered) {
      delivered = key
      onChange(found)
    }
    return found
  }

  // One after the other: two readings at once could deliver the older one last.
  let last: Promise<unknown> = Promise.resolve()
  const inTurn = (atOnce: boolean): Promise<FoundCredentials> => {
    const turn = last.then(() => look(atOnce))
    last = turn.catch(() => {}) // whoever asked for it is told
    return turn
  }
  const poll = () => {
    if (isClosed) return
    cancel = clock.schedule(() => void inTurn(false).finally(poll), pollMs)
  }

  const ready = inTurn(true)
  void last.then(poll)
  return {
    ready,
    get problems() {
      return [...told]
    },
    reload: () => inTurn(true),
    close() {
      isClosed = true
      cancel?.()
    },
  }
}

interface WatchedPlace {
  readonly found: FoundCredentials
  look(atOnce: boolean): Promise<void>
}

type Parsing = Pick<WatchCredentialsOptions, 'field' | 'check'>

function placeOf(source: CredentialLocation, { field: usual, check }: Parsing): WatchedPlace {
  const { field = usual } = source
  if ('text' in source) return placeOfText(source.text, { from: source.from, field, check })
  const reading = { field, check, allowOthersToRead: source.allowOthersToRead }
  return 'file' in source ? new CredentialFile(source.file, reading) : new CredentialFolder(source.directory, reading)
}

function placeOfText(text: string, parsing: ParseCredentialsOptions): WatchedPlace {
  const found = parseCredentials(text, parsing)
  const problems = text.trim() === '' ? [`${parsing.from}: is empty`] : found.problems
  return { found: { ...found, problems }, look: async () => {} }
}

class CredentialFolder implements WatchedPlace {
  readonly #path: string
  readonly #reading: FileReading
  readonly #files = new Map<string, CredentialFile>()
  #missing = new Set<string>()
  #problem: string | undefined

  constructor(path: string, reading: FileReading) {
    this.#path = path
    this.#reading = reading
  }

  get found(): FoundCredentials {
    const files = [...this.#files].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, file]) => file.found)
    return {
      credentials: files.flatMap((found) => found.credentials),
      problems: [...(this.#problem ? [this.#problem] : []), ...files.flatMap((found) => found.problems)],
    }
  }

  async look(atOnce: boolean): Promise<void> {
    const names = await this.#list()
    for (const name of names) if (!this.#files.has(name)) this.#files.set(name, this.#fileOf(name))
    // A folder that lost everything was unmounted or is being replaced, which nobody means as an order.
    if (names.length > 0) this.#forget(names, atOnce)
    for (const file of this.#files.values()) await file.look(atOnce)
  }

  #fileOf(name: string): CredentialFile {
    return new CredentialFile(join(this.#path, name), this.#reading)
  }

  /** Takes out what was missing twice: some programs remove a file before they write it anew. */
  #forget(present: readonly string[], atOnce: boolean): void {
    const missing = [...this.#files.keys()].filter((name) => !present.includes(name))
    for (const name of missing) if (atOnce || this.#missing.has(name)) this.#files.delete(name)
    this.#missing = new Set(missing)
  }

  async #list(): Promise<readonly string[]> {
    try {
      const entries = await readdir(this.#path, { withFileTypes: true })
      // What links lead to is seen when it is read: mounted secrets are links.
      const names = entries.filter((entry) => entry.isFile() || entry.isSymbolicLink()).map((entry) => entry.name)
      const wanted = names.filter(
        (name) => !name.startsWith('.') && !/(\.tmp|\.backup|\.vault|\.lock|\.key|~)$/.test(name),
      )
      this.#problem = wanted.length === 0 ? `${this.#path}: holds no files` : undefined
      return wanted
    } catch (error) {
      this.#problem = `${this.#path}: cannot be read (${errorName(error)})`
      return []
    }
  }
}

function merged(all: readonly FoundCredentials[]): FoundCredentials {
  const credentials: CredentialSource[] = []
  const problems = all.flatMap((found) => found.problems)
  const seen = new Map<string, CredentialSource>()
  for (const credential of all.flatMap((found) => found.credentials)) {
    const key = fingerprint(credential.values)
    const first = seen.get(key)
    if (first) problems.push(`${credential.from}: the same as ${first.from}`)
    else {
      seen.set(key, credential)
      credentials.push(credential)
    }
  }
  return { credentials, problems }
}

function listKey(credentials: readonly CredentialSource[]): string {
  return JSON.stringify(credentials.map(({ values, from }) => [fingerprint(values), from]))
}
