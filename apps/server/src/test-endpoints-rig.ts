import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type LogEntry, Secret } from '@dragoman/core'
import { type GatewayOptions, type ProviderEntry, staticCredentials } from '@dragoman/gateway'
import { type OpenAICompatibleOptions, openAICompatible } from '@dragoman/provider-openai-compatible'
import { type Exchange, type FakeUpstream, startFakeUpstream } from '@dragoman/testkit'
import OpenAI from 'openai'
import { FileStore } from './file-store.ts'
import { startTestServer, type TestServer } from './test-server.ts'

export interface EndpointsRig extends AsyncDisposable {
  readonly upstream: FakeUpstream
  readonly server: TestServer
  readonly client: OpenAI
  readonly records: readonly LogEntry[]
  /** Of the nth request that the upstream got, as another parser than ours reads it. */
  form(n: number): Promise<FormData>
}

type Endpoint = NonNullable<OpenAICompatibleOptions['endpoints']>[number]

export interface RigOptions {
  /** What the upstream has. Default: everything. */
  readonly endpoints?: readonly Endpoint[]
  readonly gatewayOptions?: Partial<GatewayOptions>
  readonly maxBodyBytes?: number
  readonly keys?: readonly { key: string; name: string }[]
}

export const upstreamKey = 'sk-canary-of-the-upstream'

const everything: readonly Endpoint[] = [
  'completions',
  'embeddings',
  'images/generations',
  'images/edits',
  'audio/speech',
  'audio/transcriptions',
  'audio/translations',
  'moderations',
]

/** The whole server over an upstream in OpenAI's form, whose model `up-1` clients call `m`. */
export async function startEndpoints({
  endpoints = everything,
  gatewayOptions,
  maxBodyBytes = 1_000_000,
  keys,
}: RigOptions = {}): Promise<EndpointsRig> {
  const upstream = await startFakeUpstream()
  const folder = await mkdtemp(join(tmpdir(), 'dragoman-files-'))
  const records: LogEntry[] = []
  const entry = entryOf('acme', upstream, endpoints)
  const server = await startTestServer(entry.provider, {
    files: new FileStore({ folder }),
    limits: { maxBodyBytes, maxBodiesBytes: 4 * maxBodyBytes },
    keys: keys?.map(({ key, name }) => ({ key: new Secret(key), name })),
    gatewayOptions: {
      providers: [entry],
      models: [{ name: 'm', deployments: [{ entry, model: 'up-1' }] }],
      fallbackName: undefined,
      random: () => 0, // waits of attempts that are made again
      record: (record) => records.push(record),
      ...gatewayOptions,
    },
  })
  return {
    upstream,
    server,
    client: new OpenAI({ apiKey: keys?.[0]?.key ?? '-', baseURL: `${server.url}/v1`, maxRetries: 0 }),
    records,
    async form(n) {
      const { body, headers } = await upstream.received(n)
      return new Response(body as Uint8Array<ArrayBuffer>, {
        headers: { 'content-type': headers['content-type'] ?? '' },
      }).formData()
    },
    async [Symbol.asyncDispose]() {
      await server.stop()
      await entry.provider.close()
      await upstream.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

export function entryOf(id: string, upstream: FakeUpstream, endpoints: readonly Endpoint[]): ProviderEntry {
  const provider = openAICompatible.create({ baseUrl: `${upstream.origin}/v1`, endpoints: [...endpoints] })
  const credential = { id: `${id}-key`, values: { apiKey: new Secret(upstreamKey) } }
  return { id, provider, credentials: staticCredentials([credential]) }
}

/** Path, key and content type of a request, for a look at once. */
export function lineOf({ path, headers }: Exchange): string {
  return `${path} ${headers.authorization} ${headers['content-type']?.split(';', 1)[0]}`
}
