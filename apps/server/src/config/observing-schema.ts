import { z } from 'zod'
import { isHostName } from './addresses.ts'
import { faultOfSecret } from './placeholders.ts'

export const alertEvents = ['pool-empty', 'budget', 'log-loss', 'deployment-resting', 'credential-disabled'] as const

export const otlpProtocols = ['http/protobuf', 'http/json'] as const

const httpUrl = z
  .string()
  .refine(isHttpUrl)
  .meta({ title: 'an http or https URL without a user, a password or a fragment' })

const headerName = z
  .string()
  .regex(/^[!#$%&'*+.^_`|~0-9a-z-]+$/i)
  .meta({ title: 'the name of a header' })

const headerValue = z
  .string()
  .regex(/^[\t\x20-\x7e]*$/)
  .meta({ title: 'the value of a header' })

export const metricsSchema = z.strictObject({
  host: z
    .string()
    .refine(isHostName)
    .meta({ title: 'an address or a host name, without scheme and port' })
    .default('127.0.0.1')
    .describe('The address that answers without a key.'),
  port: z.int().min(0).max(65_535).describe('Its port; 0 takes any free one.'),
  onNetwork: z.boolean().default(false).describe('Also where `host` is not an address of this machine alone.'),
})

const otlpSchema = z.strictObject({
  endpoint: httpUrl.describe('Where a collector listens, such as `http://127.0.0.1:4318`; `/v1/traces` is appended.'),
  headers: z
    .record(headerName, headerValue)
    .default({})
    .describe('Headers of each request to it, such as the one with its key.'),
  protocol: z.enum(otlpProtocols).default('http/protobuf').describe('What is sent.'),
  sampleRatio: z
    .number()
    .min(0)
    .max(1)
    .default(1)
    .describe('The part of the requests that are traced. One that comes with a `traceparent` is as that says.'),
  metrics: z.boolean().default(false).describe('What `/metrics` tells of requests is sent as well, each minute.'),
  serviceName: z.string().min(1).default('dragoman').describe('What the collector calls this server.'),
})

export const telemetrySchema = z.strictObject({
  otlp: otlpSchema.optional().describe('Traces, sent by OTLP over HTTP.'),
})

export const alertsSchema = z.strictObject({
  url: httpUrl.describe('Is sent a POST with JSON for each alert. A secret: many such URLs are a key.'),
  events: z
    .array(z.enum(alertEvents))
    .min(1)
    .default([...alertEvents])
    .describe('What is told. Default: all of it.'),
  secret: z
    .string()
    .min(16)
    .superRefine((secret, context) => {
      const fault = faultOfSecret(secret)
      if (fault) context.addIssue({ code: 'custom', message: `${fault}: make one with \`openssl rand -hex 32\`` })
    })
    .meta({ title: 'a text of at least 16 characters' })
    .optional()
    .describe('Each POST is signed with it, in `x-dragoman-signature`. Default: it is not signed.'),
})

function isHttpUrl(text: string): boolean {
  const url = URL.parse(text)
  if (!url || !/^https?:$/.test(url.protocol)) return false
  return url.username === '' && url.password === '' && url.hash === '' && url.hostname !== ''
}
