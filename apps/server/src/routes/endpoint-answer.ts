import type { IncomingMessage, ServerResponse } from 'node:http'
import { type CallerSignal, DragomanError, type Endpoint } from '@dragoman/core'
import type { Gateway } from '@dragoman/gateway'
import { validate } from '@dragoman/openai-schema'
import type { ZodType } from 'zod'
import { exchangeOf, type OpenRequests } from '../http/exchange.ts'
import type { Handler } from '../http/handler.ts'
import type { Form, FormReader } from '../http/read-form.ts'
import type { bodyReader } from '../http/read-json.ts'
import { sendBytes } from '../http/send-bytes.ts'
import { sendJson } from '../http/send-json.ts'
import { contextOf, tellRoute } from './chat-answer.ts'

type EndpointCall = Parameters<Gateway['serve']>[0]

/** What routes of endpoints besides chat need. */
export interface EndpointOptions {
  readonly gateway: Gateway
  readonly open: OpenRequests
  readonly readJson: ReturnType<typeof bodyReader>
  readonly readForm: FormReader
}

export interface JsonEndpoint<Body extends object> {
  readonly endpoint: Endpoint
  readonly schema: ZodType<Body, Body>
  /** The model of a body that names none. Default: a 400. */
  readonly defaultModel?: string | undefined
  /** Makes of the upstream's JSON what this client asked for. */
  readonly answer?: ((json: unknown, asked: Body) => unknown) | undefined
}

/** A route whose body is JSON, which goes on as it came, under the upstream's model id. */
export function jsonEndpoint<Body extends { model?: string | null | undefined }>(
  { gateway, open, readJson }: Omit<EndpointOptions, 'readForm'>,
  { endpoint, schema, defaultModel, answer }: JsonEndpoint<Body>,
): Handler {
  return async (request, response) => {
    const signal = open.signal(response)
    const { value } = await readJson(request, response)
    const asked = checked(schema, value)
    const call = {
      endpoint,
      model: named(asked.model ?? defaultModel),
      parsed: asked,
      body: (model: string) => ({ kind: 'json' as const, json: { ...asked, model } }),
    }
    await answerEndpoint(request, response, { gateway, signal }, call, answer && ((json) => answer(json, asked)))
  }
}

/** A route whose body is a form. It goes on while it comes, with another value of its part `model`. */
export function formEndpoint(
  { gateway, open, readForm }: Omit<EndpointOptions, 'readJson'>,
  endpoint: Endpoint,
): Handler {
  return async (request, response) => {
    const signal = open.signal(response)
    const form = readForm(request, response)
    const model = named(await form.field('model'))
    const call = { endpoint, model, body: (upstream: string) => bodyOf(form, upstream) }
    await answerEndpoint(request, response, { gateway, signal }, call)
  }
}

/** Asks the gateway, and writes what it answers. */
export async function answerEndpoint(
  request: IncomingMessage,
  response: ServerResponse,
  { gateway, signal }: { readonly gateway: Gateway; readonly signal: CallerSignal },
  call: EndpointCall,
  decode: (json: unknown) => unknown = (json) => json,
): Promise<void> {
  const context = contextOf(request, response, signal)
  exchangeOf(response).isRecorded = true
  const result = await gateway.serve(call, context)
  tellRoute(response, result.route, call.model)
  if (result.kind === 'stream') await sendBytes(response, result, signal)
  else sendJson(response, decode(result.json))
}

function bodyOf(form: Form, model: string) {
  return {
    kind: 'form' as const,
    contentType: form.contentType,
    length: form.length('model', model),
    bytes: () => form.bytes('model', model),
  }
}

/** A body as it was parsed. Throws `invalid_request`, which names the field. */
export function checked<Body>(schema: ZodType<Body, Body>, value: unknown): Body {
  const found = validate(schema, value)
  if (found.ok) return found.value
  const { param, message, code } = found.issue
  throw new DragomanError('invalid_request', message, { param: param || undefined, publicCode: code })
}

function named(model: string | undefined): string {
  if (model !== undefined && model !== '') return model
  const message = 'model: required; expected the name of a model'
  throw new DragomanError('invalid_request', message, { param: 'model', publicCode: 'missing_required_parameter' })
}

/** One route for a body of either kind. */
export function byContentType({ json, form }: { json: Handler; form: Handler }): Handler {
  return (request: IncomingMessage & { params: unknown }, response: ServerResponse, next) => {
    const isForm = /^multipart\//i.test(request.headers['content-type'] ?? '')
    return (isForm ? form : json)(request, response, next)
  }
}
