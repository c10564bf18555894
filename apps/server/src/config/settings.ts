import type { OutgoingProxy, Secret } from '@dragoman/core'
import type { EnsureToolCall, ModelGroup, Normalize, Price, Strategy } from '@dragoman/gateway'
import type { CredentialSource } from '@dragoman/token-pool'
import type { CredentialLocation } from '@dragoman/token-pool/files'
import type { z } from 'zod'
import type { Discovery } from '../discover.ts'
import type { ClientKey } from '../http/authenticate.ts'
import type { limitsSchema } from './limits.ts'
import type { LogLevel } from './log-level.ts'
import type { AlertSettings, OtlpSettings } from './observing.ts'
import type { poolSchema } from './pool.ts'

/** Bounds of the server and of every request. */
export type Limits = Readonly<z.output<typeof limitsSchema>>

/** Where a provider comes from: the file, a key in the environment, a local port, or the server itself. */
export type ProviderOrigin = 'file' | 'environment' | 'local' | 'built-in'

/** A path, absolute or from the working folder, or the text of a variable. `field` is what a bare token in it is. */
export type CredentialPlace =
  | Extract<CredentialLocation, { file: string } | { directory: string }>
  | { readonly field?: string | undefined; readonly text: Secret; readonly from: string }

export interface ProviderSettings {
  readonly id: string
  /** Id of its factory. */
  readonly type: string
  /** As the factory's schema gives them. */
  readonly options: Readonly<Record<string, unknown>>
  readonly credentials: readonly CredentialSource[]
  /** Where further ones are. */
  readonly credentialsFrom: readonly CredentialPlace[]
  readonly pool: Omit<z.output<typeof poolSchema>, 'weights'>
  readonly limits: Partial<Limits>
  readonly normalize?: Normalize | undefined
  readonly proxy?: string | OutgoingProxy | undefined
  readonly origin: ProviderOrigin
}

export interface DeploymentSettings {
  readonly provider: string
  /** The upstream's model id. Absent: the name asked for; behind a wildcard, what the `*` stood for. */
  readonly model?: string | undefined
  /** Present where the deployment has options of its own: all of the provider's, with these over them, checked. */
  readonly options?: Readonly<Record<string, unknown>> | undefined
  readonly weight?: number | undefined
  readonly limits?: Partial<Limits> | undefined
  readonly normalize?: Normalize | undefined
  readonly price?: Price | undefined
  readonly ensureToolCall?: boolean | EnsureToolCall | undefined
  readonly promptTools?: boolean | undefined
}

export interface ModelSettings extends Omit<ModelGroup, 'deployments'> {
  readonly deployments: readonly DeploymentSettings[]
}

export type ClientSettings =
  | { readonly mode: 'open' }
  | {
      readonly mode: 'keys'
      /** Those of the configuration. */
      readonly keys: readonly ClientKey[]
      /** What becomes of an answer whose key ends meanwhile. */
      readonly onRevoke: 'finish' | 'cut'
    }

/** Everything that the server is composed from: checked, with all defaults filled in. */
export interface Settings {
  readonly server: {
    readonly host: string
    readonly port: number
    readonly maxConnections: number
    readonly hosts: readonly string[]
    /** Undefined: every origin in keys mode, pages of this machine in open mode. */
    readonly corsOrigins: readonly string[] | undefined
  }
  readonly clients: ClientSettings
  readonly providers: readonly ProviderSettings[]
  readonly models: readonly ModelSettings[]
  readonly defaultModel?: string | undefined
  readonly defaultStrategy: Strategy
  /** By `<provider>/<model>`. */
  readonly prices: Readonly<Record<string, Price>>
  readonly limits: Limits
  /** Undefined: the one in `admin.key` of the store. */
  readonly adminKey?: Secret | undefined
  /** Where a deployment or a request insists on a tool call and does not say how. */
  readonly ensureToolCall: EnsureToolCall
  readonly maxCooldownMs: number
  /** Addresses, networks and host names, private ones too, that media may be fetched from. */
  readonly mediaFrom: readonly string[]
  /** Absolute paths of folders. */
  readonly paths: { readonly store: string; readonly sessions: string }
  /** Undefined: the one in `sessions.key` of the store. */
  readonly vaultKey?: Secret | undefined
  readonly previousVaultKeys: readonly Secret[]
  readonly log: { readonly level: LogLevel; readonly format: 'auto' | 'json' | 'pretty'; readonly access: boolean }
  /** Where metrics are told without a key. */
  readonly metrics?: { readonly host: string; readonly port: number } | undefined
  readonly telemetry?: { readonly otlp: OtlpSettings } | undefined
  readonly alerts?: AlertSettings | undefined
  /** What was found without being configured, for the first lines on the terminal. */
  readonly discovery?: Discovery | undefined
  /** One sentence each, for the person who starts the server. */
  readonly notices: readonly string[]
  /** The configuration file, as it was named; undefined where there is none. */
  readonly configFile?: string | undefined
  /** What the settings were taken from: the file, `.env`, variables by name. */
  readonly sources: readonly string[]
}
