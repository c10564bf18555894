import type { Clock } from '@dragoman/core'
import type { ModelGroup } from './deployments.ts'
import type { Health } from './health.ts'
import type { ModelLists } from './model-lists.ts'
import { byDefault, bySuffix, type Meaning, type Names, resolve } from './names.ts'
import { ordered, type Route, type RoutePlan, type Rules, routeOf, standIn, type View } from './router.ts'
import type { TargetFacts } from './target-facts.ts'

// Names come from clients.
const maxRemembered = 1_000
const longestRemembered = 200

/** A request, as far as it matters for where it goes. */
export interface Asking {
  affinityKey(): string | undefined
}

export interface RoutesOptions extends Rules {
  readonly names: Omit<Names, 'listed'>
  readonly lists: ModelLists
  readonly health: Health
  readonly clock: Clock
  readonly random: () => number
  /** How many requests there were for each group. */
  readonly turns: Map<ModelGroup, number>
}

/** From a name to a plan, for a gateway whose groups and providers stay. Remembers what names mean while the lists do. */
export class Routes {
  readonly #options: RoutesOptions
  readonly #names: Names
  readonly #view: OneRequest
  readonly #found = new Map<string, Route>()
  readonly #standIns = new Map<string, Route>()
  #version = 0

  constructor(options: RoutesOptions) {
    this.#options = options
    this.#names = { ...options.names, listed: options.lists.known }
    this.#view = new OneRequest(options)
  }

  /** For a request, as far as it can be said without reading lists. */
  known(asked: string, asking: Asking): RoutePlan | undefined {
    const route = this.#route(asked)
    return route && this.#taken(route, asking)
  }

  /** For a request. Undefined when nothing serves the name. */
  async plan(asked: string, asking: Asking, signal: AbortSignal): Promise<RoutePlan | undefined> {
    const route = await this.find(asked, signal)
    return route && this.#taken(route, asking)
  }

  /** For a request that goes on under a name of the configuration: its targets say that they stand in. */
  instead(name: string, asking: Asking): RoutePlan | undefined {
    this.#forget()
    const route = this.#standIns.get(name) ?? this.#remembered(this.#standIns, name, standIn(name, this.#names))
    return route && this.#taken(route, asking)
  }

  /** What a name means, without a request. */
  async find(asked: string, signal: AbortSignal): Promise<Route | undefined> {
    const { lists } = this.#options
    const known = this.#route(asked)
    if (known) return known
    await lists.readMissing(this.#names.providers, signal)
    const found = this.#route(asked) ?? this.#remembered(this.#found, asked, bySuffix(asked, this.#names))
    if (found) return found
    const usual = byDefault(this.#names)
    return usual && routeOf(usual, this.#names, this.#options)
  }

  /** What a name means, as far as it can be said without reading lists. */
  meaning(asked: string): Meaning | undefined {
    // Not remembered where it is by its suffix: a list may still come that has the name.
    return this.#route(asked)?.meaning ?? bySuffix(asked, this.#names)
  }

  /** How a request for it would go now. */
  seen(route: Route, asking: Asking): RoutePlan {
    this.#view.of(route, asking)
    return ordered(route, this.#view)
  }

  #taken(route: Route, asking: Asking): RoutePlan {
    const plan = this.seen(route, asking)
    const { turns } = this.#options
    const { group } = plan
    if (group && !route.calm) turns.set(group, (turns.get(group) ?? 0) + 1)
    plan.probed?.claim(this.#view.now)
    return plan
  }

  #route(asked: string): Route | undefined {
    this.#forget()
    return this.#found.get(asked) ?? this.#remembered(this.#found, asked, resolve(asked, this.#names))
  }

  #remembered(routes: Map<string, Route>, asked: string, meaning: Meaning | undefined): Route | undefined {
    const route = meaning && routeOf(meaning, this.#names, this.#options)
    if (route && asked.length <= longestRemembered) routes.set(asked, route)
    return route
  }

  #forget(): void {
    const { version } = this.#options.lists
    if (this.#version !== version || this.#found.size >= maxRemembered) {
      this.#found.clear()
      this.#standIns.clear()
    }
    this.#version = version
  }
}

/** What the order for one request depends on. There is one of these, because planning is over before the next begins. */
class OneRequest implements View {
  readonly random: () => number
  now = 0
  turn = 0
  readonly #health: Health
  readonly #clock: Clock
  readonly #turns: ReadonlyMap<ModelGroup, number>
  #asking: Asking | undefined

  constructor({ random, health, clock, turns }: RoutesOptions) {
    this.random = random
    this.#health = health
    this.#clock = clock
    this.#turns = turns
  }

  of({ meaning: { group } }: Route, asking: Asking): void {
    this.now = this.#clock.elapsed()
    this.turn = (group && this.#turns.get(group)) ?? 0
    this.#asking = asking
  }

  facts(name: string): TargetFacts | undefined {
    return this.#health.of(name)
  }

  affinityKey(): string | undefined {
    return this.#asking?.affinityKey()
  }
}
