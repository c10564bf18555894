import { type Clock, type ProviderFactory, type StateStore, systemClock } from '@dragoman/core'
import { createGateway, type Gateway, type GatewayOptions, Prices } from '@dragoman/gateway'
import type { Settings } from './config/settings.ts'
import { Held } from './held.ts'
import type { CredentialContext, ProviderCredentials } from './provider-credentials.ts'
import { ProviderSet } from './provider-set.ts'
import { sealKey } from './seal-key.ts'
import { type ServerState, serverState } from './state.ts'

/** Every provider there is, by its `type` in the configuration; loaded when it is used. The only list of its kind. */
export const providerTypes: Readonly<Record<string, () => Promise<ProviderFactory>>> = {
  anthropic: async () => (await import('@dragoman/provider-anthropic')).anthropic,
  demo: async () => (await import('@dragoman/provider-demo')).demo,
  k2think: async () => (await import('@dragoman/provider-k2think')).k2think,
  'k2think-web': async () => (await import('@dragoman/provider-k2think/web')).k2thinkWeb,
  kimi: async () => (await import('@dragoman/provider-kimi')).kimi,
  'kimi-nonce': async () => (await import('@dragoman/provider-kimi/nonce')).kimiNonce,
  'kimi-web': async () => (await import('@dragoman/provider-kimi/web')).kimiWeb,
  longcat: async () => (await import('@dragoman/provider-longcat')).longcat,
  'longcat-web': async () => (await import('@dragoman/provider-longcat/web')).longcatWeb,
  'openai-compatible': async () => {
    const [{ openAICompatibleWith }, { responsesUpstream }] = await Promise.all([
      import('@dragoman/provider-openai-compatible'),
      import('@dragoman/dialects/openai-responses'),
    ])
    return openAICompatibleWith({ responses: responsesUpstream })
  },
  openrouter: async () => (await import('@dragoman/provider-openrouter')).openrouter,
  'orion-web': async () => (await import('@dragoman/provider-orion')).orionWeb,
  qwen: async () => (await import('@dragoman/provider-qwen')).qwen,
  'qwen-web': async () => (await import('@dragoman/provider-qwen/web')).qwenWeb,
  vertex: async () => (await import('@dragoman/provider-vertex')).vertex,
  zai: async () => (await import('@dragoman/provider-zai')).zai,
  'zai-web': async () => (await import('@dragoman/provider-zai/web')).zaiWeb,
}

/** Services that are found by a key in the environment or by an engine's usual port. */
export async function loadPresets() {
  return (await import('@dragoman/provider-openai-compatible')).presets
}

export interface Composition {
  readonly gateway: Gateway
  /** By provider id. */
  readonly credentials: ReadonlyMap<string, ProviderCredentials>
  readonly state: StateStore
  /** What reasoning is sealed with for clients. */
  sealKey(): Promise<Uint8Array>
  /**
   * To be called once it is to serve: credentials are shared out as it says from then on, and what was seen of targets
   * that are elsewhere now is forgotten. Does not throw.
   */
  adopt(): void
  /** Takes the place of `adopt`: it never served. */
  discard(): Promise<void>
  /** Ends what no other composition uses. */
  close(): Promise<void>
}

export interface ComposeOptions extends Pick<GatewayOptions, 'record' | 'admission'> {
  readonly log: CredentialContext['log']
  readonly onCredential?: CredentialContext['onCredential']
  readonly clock?: Clock | undefined
  /** The one that serves until this one does: what is the same in both is not made anew, and its stores are used. */
  readonly previous?: Composition | undefined
}

interface Parts {
  readonly set: ProviderSet
  readonly state: Held<ServerState>
}

const partsOf = new WeakMap<Composition, Parts>()

/** Settings -> a gateway that can serve. Without `previous` it is adopted already. */
export async function compose(settings: Settings, options: ComposeOptions): Promise<Composition> {
  const { previous, log, onCredential, clock = systemClock } = options
  const before = previous && partsOf.get(previous)
  const isFirst = previous === undefined // what the functions below use must not keep all that ever were
  const held = before?.state ?? new Held(serverState(settings.paths.store, clock, log), (kept) => kept.close())
  const state = held.hold()
  let opened: ProviderSet | undefined
  try {
    const set = await ProviderSet.open(settings, { factoryOf, clock, state, log, onCredential }, before?.set)
    opened = set
    const models = settings.models.map(({ deployments, ...group }) => ({
      ...group,
      deployments: deployments.map((deployment) => {
        const { provider, options, ...given } = deployment
        return { ...given, entry: set.entryFor(deployment) }
      }),
    }))
    const gateway = createGateway({
      // Where a documented API and a session list the same model, it is the API's.
      providers: [...set.entries.values()].sort(
        (a, b) => Number(set.sessions.has(a.id)) - Number(set.sessions.has(b.id)),
      ),
      models,
      // With keys, a name that nothing serves is a mistake to be told; without, any name is to work.
      fallbackName: settings.clients.mode === 'open' ? settings.defaultModel : undefined,
      defaultStrategy: settings.defaultStrategy,
      limits: settings.limits,
      ensureToolCall: settings.ensureToolCall,
      priceOf: new Prices(settings.prices).of,
      record: options.record,
      admission: options.admission,
      clock,
      state,
      previous: previous?.gateway,
    })
    const composition: Composition = {
      gateway,
      credentials: set.credentials,
      state,
      sealKey: previous?.sealKey ?? sealKey(settings, clock, log),
      adopt() {
        const ids = [...set.entries.keys()]
        if (!isFirst) gateway.forget(new Set(ids.filter((id) => !set.isWhereItWas(id))))
        set.adopt()
      },
      async discard() {
        await set.discard()
        await held.giveBack()
      },
      async close() {
        await set.close()
        await held.giveBack()
      },
    }
    partsOf.set(composition, { set, state: held })
    if (isFirst) composition.adopt()
    return composition
  } catch (error) {
    await opened?.discard()
    await held.giveBack()
    throw error
  }
}

async function factoryOf(type: string): Promise<ProviderFactory> {
  const factory = await providerTypes[type]?.()
  if (!factory) throw new Error(`There is no provider type ${type}`) // the configuration's schema has refused it before
  return factory
}
