import { type OutgoingProxy, Secret } from '@dragoman/core'
import type { z } from 'zod'
import { ConfigError } from './config-error.ts'
import { type alertEvents, otlpProtocols, telemetrySchema } from './observing-schema.ts'
import { readFlag } from './readers.ts'
import type { Config } from './schema.ts'
import type { Variables } from './variables.ts'

export type AlertEvent = (typeof alertEvents)[number]
export type OtlpProtocol = (typeof otlpProtocols)[number]

export interface OtlpSettings {
  readonly endpoint: string
  readonly headers: Readonly<Record<string, Secret>>
  readonly protocol: OtlpProtocol
  /** 0 to 1. */
  readonly sampleRatio: number
  readonly metrics: boolean
  readonly serviceName: string
  readonly proxy?: string | OutgoingProxy | undefined
}

export interface AlertSettings {
  readonly url: Secret
  readonly events: readonly AlertEvent[]
  readonly secret?: Secret | undefined
  readonly proxy?: string | OutgoingProxy | undefined
}

type Proxy = string | OutgoingProxy | undefined

export function alertSettings({ alerts }: Config, proxy: Proxy): AlertSettings | undefined {
  if (!alerts) return undefined
  const { url, events, secret } = alerts
  return { url: new Secret(url), events, secret: secret === undefined ? undefined : new Secret(secret), proxy }
}

/** Of an operator's other programs: by themselves these must not make this one talk to anybody. */
const variables = {
  disabled: 'OTEL_SDK_DISABLED',
  endpoint: 'OTEL_EXPORTER_OTLP_ENDPOINT',
  headers: 'OTEL_EXPORTER_OTLP_HEADERS',
  protocol: 'OTEL_EXPORTER_OTLP_PROTOCOL',
  sampleRatio: 'OTEL_TRACES_SAMPLER_ARG',
  serviceName: 'OTEL_SERVICE_NAME',
} as const

/**
 * The file's, else what the usual variables say where `OTEL_SDK_DISABLED` is `false`; none where it is `true`. Throws a
 * `ConfigError` for variables that count and cannot be.
 */
export function otlpSettings({ telemetry }: Config, from: Variables, proxy: Proxy): OtlpSettings | undefined {
  const isDisabled = readFlag(from.get(variables.disabled)?.trim() ?? '')
  if (isDisabled === true) return undefined
  const configured = telemetry?.otlp ?? (isDisabled === false ? otlpOfVariables(from) : undefined)
  if (!configured) return undefined
  const headers = Object.entries(configured.headers).map(([name, value]) => [name, new Secret(value)] as const)
  return { ...configured, headers: Object.fromEntries(headers), proxy }
}

function otlpOfVariables(from: Variables): z.output<typeof telemetrySchema>['otlp'] {
  const given = (name: keyof typeof variables) => from.get(variables[name])?.trim() || undefined
  const endpoint = given('endpoint')
  if (endpoint === undefined) return undefined
  const problems: string[] = []
  const refuse = (name: keyof typeof variables, expected: string) => {
    problems.push(`${from.label(variables[name])}: expected ${expected}`)
  }
  const protocol = given('protocol')
  if (protocol !== undefined && !(otlpProtocols as readonly string[]).includes(protocol)) {
    refuse('protocol', `one of ${otlpProtocols.join(', ')}`)
  }
  const ratio = given('sampleRatio')
  if (ratio !== undefined && !(Number(ratio) >= 0 && Number(ratio) <= 1)) refuse('sampleRatio', 'a number from 0 to 1')
  const headers = headersIn(given('headers') ?? '')
  if (!headers) refuse('headers', 'name=value, separated by commas')
  const parsed = telemetrySchema.safeParse({
    otlp: {
      endpoint,
      headers: headers ?? {},
      protocol,
      sampleRatio: ratio === undefined ? undefined : Number(ratio),
      serviceName: given('serviceName'),
    },
  })
  const isOf = (name: string) => parsed.error?.issues.some(({ path }) => path[1] === name)
  if (isOf('endpoint')) refuse('endpoint', 'an http or https URL without a user, a password or a fragment')
  if (isOf('headers') && headers) refuse('headers', 'headers that HTTP can carry')
  if (problems.length > 0) throw new ConfigError(problems)
  return parsed.data?.otlp
}

/** `a=b,c=d%20e`; undefined where it is something else. */
function headersIn(text: string): Record<string, string> | undefined {
  const headers: Record<string, string> = {}
  for (const entry of text.split(',')) {
    if (entry.trim() === '') continue
    const [name = '', value] = entry.split(/=(.*)/s).map((part) => part.trim())
    if (name === '' || value === undefined) return undefined
    headers[name] = decoded(value)
  }
  return headers
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value)
  } catch {
    return value // a percent sign that stands for itself
  }
}
