import type { AttemptEntry, LogEntry } from '@dragoman/core'
import { printable } from '../http/printable.ts'
import { other } from './registry.ts'

/** As much of a model group as its name takes. */
export interface NamedGroup {
  readonly name: string
  readonly aliases?: readonly string[] | undefined
  readonly deployments: readonly { readonly provider: string; readonly model?: string | undefined }[]
}

/** Targets that are called besides those that the configuration names. */
const mostTargets = 200
const longestName = 120
const mostAsked = 1_000

/**
 * What requests and calls are counted under. Only names of the configuration, and of targets that have answered, up to a
 * bound: whatever clients write into `model` makes no series.
 */
export class ModelLabels {
  readonly #targets = new Map<string, Map<string, string>>()
  readonly #asked = new Map<string, string>()
  #groups = new Map<string, string>()
  #folded = new Map<string, string>()
  #wildcards: readonly string[] = []
  #providers: ReadonlySet<string> = new Set()
  #others = 0

  /** What the configuration that serves from now on names. Targets of the one before stay. */
  configure(groups: readonly NamedGroup[], providers: readonly string[]): void {
    this.#asked.clear()
    this.#groups = new Map()
    this.#folded = new Map()
    this.#providers = new Set(providers)
    for (const { name, aliases = [], deployments } of groups) {
      for (const each of [name, ...aliases]) {
        this.#groups.set(each, shown(name))
        // Of two that differ in their case only, neither is meant by a third spelling.
        this.#folded.set(each.toLowerCase(), this.#folded.has(each.toLowerCase()) ? other : shown(name))
      }
      for (const { provider, model } of deployments) {
        if (model !== undefined) this.#ofProvider(provider).set(model, shown(`${provider}/${model}`))
      }
    }
    this.#wildcards = groups
      .map(({ name }) => name)
      .filter((name) => name.endsWith('*'))
      .sort((a, b) => b.length - a.length)
  }

  /** The model group that a request was for, or else the target that served it. */
  ofRequest(entry: Pick<LogEntry, 'model' | 'error'>, last: AttemptEntry | undefined): string {
    const group = this.#groups.get(entry.model) ?? this.#groupOf(entry.model)
    if (group !== '') return group
    return last && !entry.error ? this.ofTarget(last) : this.#known(last)
  }

  /** `<provider>/<model>`; new ones only where the upstream knows the model. */
  ofTarget(attempt: Pick<AttemptEntry, 'provider' | 'model' | 'error'>): string {
    const known = this.#known(attempt)
    if (known !== other || attempt.error) return known
    const { provider, model } = attempt
    const name = `${provider}/${model}`
    if (name.length > longestName || this.#others >= mostTargets || !this.#providers.has(provider)) return other
    this.#others++
    const label = shown(name)
    this.#ofProvider(provider).set(model, label)
    return label
  }

  #known(attempt: Pick<AttemptEntry, 'provider' | 'model'> | undefined): string {
    return (attempt && this.#targets.get(attempt.provider)?.get(attempt.model)) ?? other
  }

  /** Empty where no group is meant. */
  #groupOf(asked: string): string {
    const before = this.#asked.get(asked)
    if (before !== undefined) return before
    const group = this.#resolved(asked)
    if (asked.length > longestName) return group
    if (this.#asked.size >= mostAsked) this.#asked.clear()
    this.#asked.set(asked, group)
    return group
  }

  /** In the order in which the gateway looks for a name. */
  #resolved(asked: string): string {
    const folded = this.#folded.get(asked.toLowerCase())
    if (folded !== undefined && folded !== other) return folded
    const slash = asked.indexOf('/')
    if (slash > 0 && this.#providers.has(asked.slice(0, slash))) return ''
    const wildcard = this.#wildcards.find((name) => asked.startsWith(name.slice(0, -1)))
    return wildcard === undefined ? '' : shown(wildcard)
  }

  #ofProvider(provider: string): Map<string, string> {
    let targets = this.#targets.get(provider)
    if (!targets) {
      targets = new Map()
      this.#targets.set(provider, targets)
    }
    return targets
  }
}

/** Breaks no line, and turns no text around. */
function shown(name: string): string {
  return printable(name.toWellFormed())
}
