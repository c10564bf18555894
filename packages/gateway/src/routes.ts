import type { Clock } from '@dragoman/core'
import type { Health } from './health.ts'
import type { ModelLists } from './model-lists.ts'
import { byDefault, type Names, ordered, type Resolution, type RoutePlan, resolve } from './router.ts'

// Names come from clients.
const maxRemembered = 1_000

/** From a name to a plan, for a gateway whose groups and providers stay. Remembers what names mean while the lists do. */
export class Routes {
  readonly #names: Names
  readonly #lists: ModelLists
  readonly #health: Health
  readonly #clock: Clock
  readonly #resolved = new Map<string, Resolution>()
  #version = 0

  constructor(names: Omit<Names, 'listed'>, lists: ModelLists, health: Health, clock: Clock) {
    this.#names = { ...names, listed: lists.known }
    this.#lists = lists
    this.#health = health
    this.#clock = clock
  }

  /** As far as it can be said without reading lists. */
  known(asked: string): RoutePlan | undefined {
    const known = this.#resolve(asked)
    return known && this.#ordered(known)
  }

  /** Undefined when nothing serves the name. */
  async plan(asked: string, signal: AbortSignal): Promise<RoutePlan | undefined> {
    if (!this.#resolve(asked)) await this.#lists.readMissing(this.#names.providers, signal)
    const found = this.#resolve(asked) ?? byDefault(this.#names)
    return found && this.#ordered(found)
  }

  #ordered(found: Resolution): RoutePlan {
    return ordered(found, this.#health.at(this.#clock.now()))
  }

  #resolve(asked: string): Resolution | undefined {
    if (this.#version !== this.#lists.version || this.#resolved.size >= maxRemembered) this.#resolved.clear()
    this.#version = this.#lists.version
    const known = this.#resolved.get(asked)
    if (known) return known
    const found = resolve(asked, this.#names)
    if (found) this.#resolved.set(asked, found)
    return found
  }
}
