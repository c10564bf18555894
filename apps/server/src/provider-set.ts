import { type Clock, isDragomanError, type Provider, type ProviderFactory, type StateStore } from '@dragoman/core'
import type { ProviderEntry } from '@dragoman/gateway'
import { ConfigError } from './config/config-error.ts'
import { credentialFields } from './config/credential-fields.ts'
import type { DeploymentSettings, ProviderSettings, Settings } from './config/settings.ts'
import { Held } from './held.ts'
import {
  type CredentialChange,
  type CredentialContext,
  type OpenedCredentials,
  openCredentials,
  type ProviderCredentials,
} from './provider-credentials.ts'
import { placesOf } from './provider-places.ts'

export interface ProviderSetContext {
  readonly factoryOf: (type: string) => Promise<ProviderFactory>
  readonly clock: Clock
  readonly state: StateStore
  readonly log: CredentialContext['log']
  readonly onCredential?: CredentialContext['onCredential']
}

interface HeldCredentials {
  readonly held: Held<OpenedCredentials>
  readonly type: string
  readonly places: string
  readonly signsIn: boolean
  readonly isAsked: boolean
}

/**
 * The providers of one configuration, set up, with their credentials. What is the same as in the configuration before is
 * not set up again but held by both: sockets stay open, credentials keep their state.
 */
export class ProviderSet {
  /** By provider id. */
  readonly entries = new Map<string, ProviderEntry>()
  readonly credentials = new Map<string, ProviderCredentials>()
  /** Those that reach a service by the session of an account. */
  readonly sessions = new Set<string>()
  readonly #providers = new Map<string, Held<Provider>>()
  readonly #credentials = new Map<string, HeldCredentials>()
  readonly #variants = new Map<string, ProviderEntry>()
  readonly #changes: CredentialChange[] = []
  readonly #settings: Settings
  readonly #context: ProviderSetContext
  /** Until this one is adopted: else the first would be kept by the last. */
  #before: ProviderSet | undefined

  private constructor(settings: Settings, context: ProviderSetContext, before: ProviderSet | undefined) {
    this.#settings = settings
    this.#context = context
    this.#before = before
  }

  /** Changes nothing about `before` yet. Throws a `ConfigError`, and then holds nothing, where something is not right. */
  static async open(settings: Settings, context: ProviderSetContext, before?: ProviderSet): Promise<ProviderSet> {
    const set = new ProviderSet(settings, context, before)
    try {
      for (const configured of settings.providers) await set.#add(configured)
      for (const { deployments } of settings.models) {
        for (const deployment of deployments) await set.#addVariant(deployment)
      }
      return set
    } catch (error) {
      await set.discard()
      throw error
    }
  }

  /** What a deployment is called by: options of its own make a provider of its own; credentials are shared. */
  entryFor({ provider, options }: DeploymentSettings): ProviderEntry {
    const entry = options ? this.#variants.get(variantKey(provider, options)) : this.entries.get(provider)
    if (!entry) throw new Error(`There is no provider ${provider}`) // the configuration's check has refused it before
    return entry
  }

  /** Whether this provider sends its credentials where it sent them in the set before. */
  isWhereItWas(id: string): boolean {
    return this.#before?.placesOf(id) === this.placesOf(id)
  }

  /** Whether it is the very same as in the set before. */
  isSame(id: string): boolean {
    return this.#before?.entries.get(id)?.provider === this.entries.get(id)?.provider
  }

  placesOf(id: string): string | undefined {
    return this.#credentials.get(id)?.places
  }

  /** From now on credentials are shared out as this set says. Does not throw. */
  adopt(): void {
    for (const change of this.#changes.splice(0)) change.adopt()
    this.#before = undefined
  }

  /** Takes the place of `adopt`. */
  async discard(): Promise<void> {
    for (const change of this.#changes.splice(0)) change.discard()
    await this.close()
  }

  /** Ends what no other set holds. Resolves when sessions are stored and sockets closed. */
  async close(): Promise<void> {
    await Promise.all([...this.#credentials.values()].map(({ held }) => held.giveBack()))
    await Promise.all([...this.#providers.values()].map((held) => held.giveBack()))
  }

  async #add(configured: ProviderSettings): Promise<void> {
    const { id, limits, normalize } = configured
    const factory = await this.#context.factoryOf(configured.type)
    if (factory.isSession) this.sessions.add(id)
    const provider = this.#provide(configured, configured.options, factory)
    const own = await this.#credentialsOf(configured, provider, factory)
    this.credentials.set(id, own)
    this.entries.set(id, { id, provider, credentials: own.pool, limits, normalize })
  }

  async #addVariant({ provider: id, options }: DeploymentSettings): Promise<void> {
    const configured = this.#settings.providers.find((provider) => provider.id === id)
    const entry = this.entries.get(id)
    if (!options || !configured || !entry) return
    const key = variantKey(id, options)
    if (this.#variants.has(key)) return
    const provider = this.#provide(configured, options, await this.#context.factoryOf(configured.type))
    this.#variants.set(key, { ...entry, provider })
  }

  /** One for each distinct result, in this set and in the one before. */
  #provide({ id, type, proxy }: ProviderSettings, options: ProviderSettings['options'], factory: ProviderFactory) {
    const { mediaFrom } = this.#settings
    const key = JSON.stringify([id, type, options, proxy, mediaFrom])
    const here = this.#providers.get(key)
    if (here) return here.value
    const { clock } = this.#context
    const created = () => {
      try {
        return new Held(factory.create(options, { clock, proxy, mediaFrom }), (provider) => provider.close())
      } catch (cause) {
        // What a factory refuses beyond its schema is the operator's to mend.
        if (!isDragomanError(cause) || cause.scope !== 'request') throw cause
        throw new ConfigError([`providers.${id}: ${cause.message}`])
      }
    }
    const held = (this.#before ? this.#before.#providers.get(key) : undefined) ?? created()
    this.#providers.set(key, held)
    return held.hold()
  }

  async #credentialsOf(configured: ProviderSettings, provider: Provider, factory: ProviderFactory) {
    const { id, type } = configured
    const places = JSON.stringify(placesOf(configured, this.#settings))
    const is = { type, places, signsIn: provider.acquire !== undefined, isAsked: provider.probe !== undefined }
    const before = this.#before ? this.#before.#credentials.get(id) : undefined
    if (before && isLike(before, is)) {
      this.#changes.push(await before.held.value.change(configured, provider, this.#settings))
      this.#credentials.set(id, before)
      return before.held.hold()
    }
    const context = { ...this.#context, settings: this.#settings, places }
    const opened = await openCredentials(provider, configured, credentialFields(factory), context)
    const held = new Held(opened, (own) => own.close())
    this.#credentials.set(id, { held, ...is })
    return held.hold()
  }
}

/** A pool goes on only where its credentials are used in the same way and sent to the same places. */
function isLike(before: HeldCredentials, now: Omit<HeldCredentials, 'held'>): boolean {
  return (
    before.type === now.type &&
    before.places === now.places &&
    before.signsIn === now.signsIn &&
    before.isAsked === now.isAsked
  )
}

function variantKey(provider: string, options: ProviderSettings['options']): string {
  return JSON.stringify([provider, options])
}
