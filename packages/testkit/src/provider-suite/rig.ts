import {
  type Call,
  type CallEvent,
  type CallLimits,
  type Credential,
  memoryState,
  type Provider,
  type ProviderFactory,
  Secret,
} from '@dragoman/core'
import type { ChatCompletionChunk } from '@dragoman/openai-schema'
import { type HandClock, handClock } from '../clock.ts'
import { type FakeUpstream, startFakeUpstream } from '../fake-upstream.ts'
import type { FixtureCase } from '../fixture.ts'

/** How a provider is made to call the fake upstream. */
export interface ProviderSetup<Input> {
  /** Its options. Default: `{ baseUrl: '<origin>/v1' }`. */
  readonly configure?: (origin: string) => Input
  /** Its credential, every value a canary. Default: one `apiKey`. */
  readonly values?: Readonly<Record<string, string>>
}

/** One provider, one fake upstream and one stopped clock, for one case. */
export interface Rig extends AsyncDisposable {
  readonly upstream: FakeUpstream
  readonly provider: Provider
  readonly clock: HandClock
  readonly fixture: FixtureCase
  /** The credential's values by name. */
  readonly secrets: Readonly<Record<string, string>>
  /** Everything that calls reported. */
  readonly events: readonly CallEvent[]
  /** The call that goes with the case's request. */
  call(options?: { signal?: AbortSignal; limits?: CallLimits }): Call
  /** Sends the case's request. */
  chat(options?: { signal?: AbortSignal; limits?: CallLimits }): AsyncIterable<ChatCompletionChunk>
  /** Closes the provider, once: that happens at the end in any case. */
  closeProvider(): Promise<void>
}

export async function startRig<Options, Input>(
  factory: ProviderFactory<Options, Input>,
  setup: ProviderSetup<Input> & { readonly values: Readonly<Record<string, string>> },
  fixture: FixtureCase,
  elsewhere?: string,
): Promise<Rig> {
  const { configure = (origin: string) => ({ baseUrl: `${origin}/v1` }) } = setup
  const upstream = await startFakeUpstream()
  const clock = handClock()
  const options = factory.options.parse({ ...configure(elsewhere ?? upstream.origin), ...fixture.options })
  const provider = factory.create(options, { clock })
  const secrets = { ...setup.values, ...fixture.credential }
  const credential = credentialOf(factory, secrets)
  const events: CallEvent[] = []
  let closing: Promise<void> | undefined
  const rig: Rig = {
    upstream,
    provider,
    clock,
    fixture,
    secrets,
    events,
    call: ({ signal = new AbortController().signal, limits } = {}) => ({
      credential,
      signal,
      limits,
      state: memoryState({ clock }),
      observe: (event) => events.push(event),
    }),
    // A copy, so that a provider that changes its request is not a provider that spoils the next test.
    chat: (options) => provider.chat(structuredClone(fixture.request), rig.call(options)),
    closeProvider: () => {
      closing ??= provider.close()
      return closing
    },
    async [Symbol.asyncDispose]() {
      await rig.closeProvider()
      await upstream.close()
    },
  }
  return rig
}

export interface Outcome {
  readonly chunks: readonly ChatCompletionChunk[]
  /** What was thrown, if something was. */
  readonly error?: unknown
}

/** Reads a stream to its end or error. */
export async function outcomeOf(stream: AsyncIterable<ChatCompletionChunk>): Promise<Outcome> {
  const chunks: ChatCompletionChunk[] = []
  try {
    for await (const chunk of stream) chunks.push(chunk)
    return { chunks }
  } catch (error) {
    return { chunks, error }
  }
}

function credentialOf<Options, Input>(
  factory: ProviderFactory<Options, Input>,
  values: Readonly<Record<string, string>>,
): Credential {
  const parsed = Object.entries(factory.credential.parse(values))
  const known = parsed.filter((entry): entry is [string, string] => entry[1] !== undefined)
  return { id: 'under-test', values: Object.fromEntries(known.map(([name, value]) => [name, new Secret(value)])) }
}
