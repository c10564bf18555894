import { type Clock, isDragomanError, systemClock } from '@dragoman/core'
import type { Logger } from 'pino'
import { ConfigError } from '../config/config-error.ts'
import type { Settings } from '../config/settings.ts'
import type { ConfigFiles } from './config-files.ts'
import { type Change, difference, inWords, withWhatIsFixed } from './difference.ts'
import type { LiveServer, Serving } from './live-server.ts'
import { type RefusalContext, refusals } from './refusals.ts'

export type Trigger = 'file' | 'signal' | 'admin'

export interface ReloadRequest {
  readonly by: Trigger
  /** Everything is checked and nothing is changed. Default false. */
  readonly dryRun?: boolean
  /** Keys from files may go to addresses that they did not go to before. Default false. */
  readonly newOrigins?: boolean
}

export interface ReloadOutcome {
  /** Unix milliseconds. */
  readonly at: number
  readonly by: Trigger
  /** `refused`: everything is as it was, and `problems` says why. `checked`: it would have been applied. */
  readonly result: 'applied' | 'unchanged' | 'checked' | 'refused'
  readonly changes: readonly Change[]
  readonly problems: readonly string[]
  /** For whoever wrote the configuration. */
  readonly notices: readonly string[]
}

export interface ReloaderOptions {
  /** Reads the configuration anew, as the start did. Throws a `ConfigError`. */
  readonly load: () => Promise<Settings>
  readonly files: ConfigFiles
  readonly live: LiveServer
  /** Settings -> what could serve. Throws a `ConfigError`. */
  readonly prepare: (settings: Settings, running: Serving) => Promise<Serving>
  /** Told of settings that serve from now on, and of those before. */
  readonly onApplied?: ((settings: Settings, before: Settings) => void) | undefined
  readonly adminKey?: RefusalContext['adminKey']
  readonly log: Pick<Logger, 'info' | 'warn' | 'error'>
  readonly clock?: Clock | undefined
}

/**
 * Puts another configuration in the place of the one that serves: all of it, or nothing where anything is wrong. One
 * after the other, whoever asks; those who ask alike while one waits for its turn share it.
 */
export class Reloader {
  readonly #options: ReloaderOptions
  readonly #clock: Clock
  #turn: Promise<unknown> = Promise.resolve()
  readonly #waiting = new Map<string, Promise<ReloadOutcome>>()
  /** Of the last one that was not only a check. */
  last: ReloadOutcome | undefined

  constructor(options: ReloaderOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
  }

  get live(): LiveServer {
    return this.#options.live
  }

  /** Never rejects. */
  reload(request: ReloadRequest): Promise<ReloadOutcome> {
    const key = JSON.stringify([request.dryRun === true, request.newOrigins === true])
    const waiting = this.#waiting.get(key)
    if (waiting) return waiting
    const mine = this.#turn.then(() => {
      // From here on it may have read the files: who asks now may have written them since.
      this.#waiting.delete(key)
      return this.#run(request)
    })
    this.#waiting.set(key, mine)
    this.#turn = mine
    return mine
  }

  /** Also when the files change, and until `close`. */
  watch(): void {
    this.#options.files.watch(() => this.reload({ by: 'file' }))
  }

  /** Resolves when the last one has ended. */
  async close(): Promise<void> {
    this.#options.files.close()
    await this.#turn
  }

  async #run(request: ReloadRequest): Promise<ReloadOutcome> {
    const base = { at: this.#clock.now(), by: request.by }
    let outcome: ReloadOutcome
    try {
      outcome = { ...base, ...(await this.#change(request)) }
    } catch (error) {
      outcome = { ...base, result: 'refused', changes: [], problems: this.#problemsOf(error), notices: [] }
    }
    if (!request.dryRun) this.last = outcome
    this.#tell(outcome)
    return outcome
  }

  async #change({ dryRun = false, newOrigins = false }: ReloadRequest): Promise<Omit<ReloadOutcome, 'at' | 'by'>> {
    const { files, load, live, prepare, adminKey } = this.#options
    const gone = await files.reading()
    // Without it the server would go by its defaults, of which open mode is one.
    if (gone.length > 0) {
      throw new ConfigError(gone.map((name) => `${name}: is gone or empty; to go on without it, restart the server`))
    }
    const running = live.serving
    const loaded = await load()
    const { notices } = loaded
    const changes = difference(running.settings, loaded)
    if (changes.every(({ needsRestart }) => needsRestart)) {
      if (!dryRun) await files.taken()
      return { result: dryRun ? 'checked' : 'unchanged', changes, problems: [], notices }
    }
    const problems = refusals(running.settings, loaded, { adminKey, newOrigins })
    if (problems.length > 0) throw new ConfigError(problems)
    const next = await prepare(withWhatIsFixed(loaded, running.settings), running)
    if (dryRun) {
      await next.composition.discard()
      return { result: 'checked', changes, problems: [], notices }
    }
    live.replace(next)
    this.#options.onApplied?.(next.settings, running.settings)
    await files.taken()
    return { result: 'applied', changes, problems: [], notices }
  }

  #problemsOf(error: unknown): readonly string[] {
    if (error instanceof ConfigError) return error.problems
    this.#options.log.error({ err: error }, 'The configuration could not be reloaded')
    return [isDragomanError(error) ? error.message : 'Something went wrong inside the server, which its log tells']
  }

  #tell({ by, result, changes, problems }: ReloadOutcome): void {
    const { log } = this.#options
    if (result === 'refused') {
      log.error({ by, problems }, `The configuration was not reloaded, the one before goes on: ${problems.join('; ')}`)
      return
    }
    const words = changes.map(inWords)
    const text = words.length > 0 ? words.join('; ') : 'nothing has changed'
    const what = { applied: 'reloaded', unchanged: 'read again', checked: 'checked' }[result]
    log.info({ by, changes: words }, `The configuration was ${what}: ${text}`)
  }
}
