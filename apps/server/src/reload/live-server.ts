import type { RequestListener } from 'node:http'
import { type Clock, type DragomanError, systemClock } from '@dragoman/core'
import type { Logger } from 'pino'
import type { App } from '../app.ts'
import type { Composition } from '../compose.ts'
import type { Settings } from '../config/settings.ts'
import type { Load } from '../metrics/server-metrics.ts'

/** One configuration at work. */
export interface Serving {
  readonly settings: Settings
  readonly composition: Composition
  readonly app: App
}

/** What is ended by its bound gets a moment more to say so. */
const farewellMs = 500

/**
 * What serves now, and what served before for as long as its last requests take: whoever had begun to be answered is
 * answered to the end by the configuration that he came under.
 */
export class LiveServer implements Pick<App, 'handle' | 'endRequests'> {
  /** Of what serves now; another one after each `replace`. */
  handle: RequestListener
  readonly #clock: Clock
  readonly #log: Pick<Logger, 'warn'>
  readonly #leaving = new Map<Serving, () => Promise<void>>()
  #serving: Serving

  constructor(first: Serving, log: Pick<Logger, 'warn'>, clock: Clock = systemClock) {
    this.#serving = first
    this.handle = first.app.handle
    this.#log = log
    this.#clock = clock
  }

  get serving(): Serving {
    return this.#serving
  }

  /** How many configurations before this one still have requests. */
  get leaving(): number {
    return this.#leaving.size
  }

  /** Of all configurations together. */
  get load(): Load {
    let { requests, streams } = this.#serving.app.load
    for (const { app } of this.#leaving.keys()) {
      requests += app.load.requests
      streams += app.load.streams
    }
    return { requests, streams }
  }

  /** New requests are served by `next` from now on. What served before is closed when its last request has ended. */
  replace(next: Serving): void {
    const before = this.#serving
    next.composition.adopt()
    this.#serving = next
    this.handle = next.app.handle
    this.#leave(before)
  }

  endRequests(reason: DragomanError): void {
    for (const { app } of [this.#serving, ...this.#leaving.keys()]) app.endRequests(reason)
  }

  /** Ends everything that belongs to a configuration. */
  async close(): Promise<void> {
    await Promise.all([...this.#leaving.values()].map((finish) => finish()))
    await this.#serving.composition.close()
  }

  #leave(before: Serving): void {
    let finished: Promise<void> | undefined
    const finish = () => {
      cancel()
      this.#leaving.delete(before)
      finished ??= before.composition.close().catch((err: unknown) => {
        this.#log.warn({ err }, 'What served before the reload could not be closed')
      })
      return finished
    }
    // Every call has its own bound within this one; a client that takes for ever to send its body has not.
    const cancel = this.#clock.schedule(finish, longest(before.settings) + farewellMs)
    this.#leaving.set(before, finish)
    void before.app.whenIdle().then(finish)
  }
}

function longest({ limits, providers, models }: Settings): number {
  const others = [...providers, ...models.flatMap(({ deployments }) => deployments)]
  return Math.max(limits.totalMs, ...others.map((each) => each.limits?.totalMs ?? 0))
}
