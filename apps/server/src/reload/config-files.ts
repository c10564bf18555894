import { stat } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
import { type Clock, systemClock } from '@dragoman/core'

export interface ConfigFilesOptions {
  readonly cwd: string
  /** The configuration file, where one was asked for; else `dragoman.yaml` or `dragoman.yml`. */
  readonly asked?: string | undefined
  readonly clock?: Clock | undefined
  /** How often they are looked at. Default 2000. */
  readonly pollMs?: number | undefined
}

/** One place of the configuration: of its paths the first that is there counts. */
interface Place {
  readonly name: string
  readonly paths: readonly string[]
}

type Looks = ReadonlyMap<Place, string | undefined>

/**
 * The files that a configuration is read from, dragoman.yaml and `.env`, looked at from time to time: no notification
 * works on network drives and in containers. A change counts when it has looked the same twice, so nobody gets half of a
 * file.
 */
export class ConfigFiles {
  readonly #places: readonly Place[]
  readonly #clock: Clock
  readonly #pollMs: number
  #cancel: (() => void) | undefined
  #isClosed = false
  /** As they were when the configuration was last read. */
  #read = ''
  #last = ''
  /** That gave something to what is in use. */
  #inUse: ReadonlySet<Place> = new Set()

  constructor({ cwd, asked, clock = systemClock, pollMs = 2000 }: ConfigFilesOptions) {
    const names = asked === undefined ? ['dragoman.yaml', 'dragoman.yml'] : [asked]
    this.#places = [
      { name: basename(names[0] ?? ''), paths: names.map((name) => resolve(cwd, name)) },
      { name: '.env', paths: [resolve(cwd, '.env')] },
    ]
    this.#clock = clock
    this.#pollMs = pollMs
  }

  /** To be called before each reading of the configuration. Answers the files that are gone, or empty, since it is in use. */
  async reading(): Promise<readonly string[]> {
    const looks = await this.#look()
    this.#read = this.#last = textOf(looks)
    return [...this.#inUse].filter((place) => looks.get(place) === undefined).map(({ name }) => name)
  }

  /** To be called when what was read last is in use. */
  async taken(): Promise<void> {
    const looks = await this.#look()
    this.#inUse = new Set(this.#places.filter((place) => looks.get(place) !== undefined))
  }

  /** Calls `onChange` when something is otherwise than it was at the last `reading`, once for each change. */
  watch(onChange: () => unknown): void {
    const poll = () => {
      if (this.#isClosed) return
      this.#cancel = this.#clock.schedule(() => void this.#compare(onChange).finally(poll), this.#pollMs)
    }
    poll()
  }

  close(): void {
    this.#isClosed = true
    this.#cancel?.()
  }

  async #compare(onChange: () => unknown): Promise<void> {
    const now = textOf(await this.#look())
    const isSettled = now === this.#last
    this.#last = now
    if (this.#isClosed || !isSettled || now === this.#read) return
    this.#read = now
    await onChange()
  }

  async #look(): Promise<Looks> {
    const looks = this.#places.map(async (place) => {
      for (const path of place.paths) {
        const look = await lookOf(path)
        if (look !== undefined) return [place, look] as const
      }
      return [place, undefined] as const
    })
    return new Map(await Promise.all(looks))
  }
}

/** Undefined where there is no such file, or nothing in it. What cannot be looked at is told by whoever reads it. */
async function lookOf(path: string): Promise<string | undefined> {
  try {
    const { ino, size, mtimeNs } = await stat(path, { bigint: true })
    return size === 0n ? undefined : `${path} ${ino} ${size} ${mtimeNs}`
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT'
    return isMissing ? undefined : `${path} cannot be read`
  }
}

function textOf(looks: Looks): string {
  return [...looks.values()].map((look) => look ?? 'none').join('\n')
}
