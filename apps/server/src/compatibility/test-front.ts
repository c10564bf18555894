import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Secret } from '@dragoman/core'
import { type Exchange, type FakeAnswer, startFakeUpstream } from '@dragoman/testkit'
import pino from 'pino'
import { stringify } from 'yaml'
import { loadPresets, providerTypes } from '../compose.ts'
import { loadSettings } from '../config/load.ts'
import { serve } from '../serve.ts'
import type { UpstreamKind } from './test-upstreams.ts'

/** The whole server, as its configuration makes it, over one fake service. */
export interface Front extends AsyncDisposable {
  readonly url: string
  /** What clients bring. */
  readonly key: string
  /** What the model says next, request by request. */
  answers(...answers: readonly FakeAnswer[]): void
  /** What reached the service. */
  readonly requests: readonly Exchange[]
}

/** The model that clients ask for. */
export const model = 'the-model'

/** @param deployment settings of the model's deployment, beside its provider */
export async function startFront(kind: UpstreamKind, deployment: object = {}): Promise<Front> {
  const upstream = await startFakeUpstream()
  const folder = mkdtempSync(join(tmpdir(), 'dragoman-front-'))
  const key = 'sk-of-the-client-of-this-test'
  const config = {
    server: { port: 0 },
    store: { path: folder },
    clients: { keys: [key] },
    providers: { up: kind.settings(upstream.origin) },
    models: [{ name: model, deployments: [{ provider: 'up', model: kind.model, ...deployment }] }],
  }
  writeFileSync(join(folder, 'dragoman.yaml'), stringify(config), { mode: 0o600 })
  const settings = await loadSettings({ env: {}, cwd: folder, factories: providerTypes, presets: loadPresets })
  const admin = { key: new Secret('dgadmin-of-this-test') }
  const server = await serve(settings, pino({ enabled: false }), admin)
  return {
    url: server.url,
    key,
    answers: (...answers) => void upstream.script(...answers.map(kind.reply)),
    requests: upstream.requests,
    async [Symbol.asyncDispose]() {
      await server.stop()
      await upstream.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
