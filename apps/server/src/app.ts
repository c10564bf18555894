import { randomBytes } from 'node:crypto'
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import {
  type Clock,
  type Dialect,
  DragomanError,
  memoryState,
  type Secret,
  type StateStore,
  systemClock,
} from '@dragoman/core'
import type { Gateway } from '@dragoman/gateway'
import { type Request, type Response, Router } from 'express'
import type { Logger } from 'pino'
import { clientFinder } from './client-keys.ts'
import type { FileStore } from './file-store.ts'
import { type AccessRules, access } from './http/access.ts'
import { adminAccess } from './http/admin-access.ts'
import { authenticate, type ClientKey } from './http/authenticate.ts'
import { BodyBudget, type BodyLimits } from './http/body-budget.ts'
import { exchangeOf, header, OpenRequests, openExchange } from './http/exchange.ts'
import type { Handler } from './http/handler.ts'
import type { RatesOf } from './http/limit-headers.ts'
import { logAccess } from './http/log-access.ts'
import { formReader } from './http/read-form.ts'
import { bodyReader } from './http/read-json.ts'
import { refuseAddresses } from './http/refuse-addresses.ts'
import { errorAnswer } from './http/send-error.ts'
import { SlowDown } from './http/slow-down.ts'
import type { MadeKeys } from './made-keys.ts'
import type { Load, ServerMetrics } from './metrics/server-metrics.ts'
import type { ProviderCredentials } from './provider-credentials.ts'
import type { Reloader } from './reload/reloader.ts'
import type { RequestCounts } from './request-counts.ts'
import { ResponseStore } from './response-store.ts'
import { cutRevoked } from './revoked-streams.ts'
import { adminRoutes } from './routes/admin.ts'
import { adminKeyRoutes } from './routes/admin-keys.ts'
import { reloadRoutes } from './routes/admin-reload.ts'
import { adminUsageRoute, type UsageSums } from './routes/admin-usage.ts'
import { chat } from './routes/chat.ts'
import { endpointRoutes } from './routes/endpoint-routes.ts'
import { explainRoute } from './routes/explain.ts'
import { withFiles } from './routes/files.ts'
import { health } from './routes/health.ts'
import { type HomeFacts, home, noIcon } from './routes/home.ts'
import { countMessageTokens, messages } from './routes/messages.ts'
import { metricsRoute } from './routes/metrics.ts'
import { listModels, readModel } from './routes/models.ts'
import { createResponse, noWebSocket, storedResponses } from './routes/responses.ts'
import { sealsBy } from './routes/translating.ts'

export interface AppOptions {
  gateway: Gateway
  access: AccessRules
  /** Undefined: whoever may reach the server may use it. */
  keys: readonly ClientKey[] | undefined
  /** Keys that are made while it runs: taken beside `keys`, and looked after on `/admin`. */
  madeKeys?: MadeKeys | undefined
  /** What becomes of an answer whose key ends meanwhile. Default: it goes on to its end. */
  onRevoke?: 'finish' | 'cut' | undefined
  limits: BodyLimits
  facts: HomeFacts
  log: Logger
  logsAccess: boolean
  /** By provider id, for `/admin` and `/health`. */
  credentials?: ReadonlyMap<string, ProviderCredentials> | undefined
  /** What the gateway has recorded, for `/health`. */
  requests?: RequestCounts | undefined
  /** Where responses are kept. Default: in memory. */
  state?: StateStore | undefined
  /** What reasoning is sealed with for clients, 32 bytes. Default: made here. */
  sealKey?: (() => Promise<Uint8Array>) | undefined
  /** Undefined: there is no `/v1/files`, and no part of a request can name a file by its id. */
  files?: FileStore | undefined
  /** How much of its requests and tokens per minute a key has left. */
  ratesOf?: RatesOf | undefined
  /** What was used, for `/admin/usage`. Undefined: there is no such route. */
  usage?: UsageSums | undefined
  /** Undefined: there is no `/admin`. */
  admin?: { readonly key: Secret } | undefined
  /** For `/admin`; undefined, or not there yet: the configuration stays as it is. */
  reloader?: (() => Reloader | undefined) | undefined
  /** Told of every answer, and shown on `/metrics` to who has the admin key. */
  metrics?: Pick<ServerMetrics, 'answered' | 'exposed'> | undefined
  /** Who traces requests, if anybody does at the moment: learns of the trace that a client has begun. */
  tracing?: (() => Tracing | undefined) | undefined
  /** Who guesses keys; shared by all that listen at one address. Default: its own. */
  slowDown?: SlowDown | undefined
  /** By `clock.elapsed()`. Default: now. */
  startedAt?: number | undefined
  clock?: Clock | undefined
}

export interface Tracing {
  began(requestId: string, traceparent: string | undefined, tracestate: string | undefined): void
}

export interface App {
  readonly handle: RequestListener
  /** What is being answered. */
  readonly load: Load
  /** Ends what is being answered, streams with an error frame. */
  endRequests(reason: DragomanError): void
  /** Resolves when nothing is being answered. */
  whenIdle(): Promise<void>
}

const chatPath = '/v1/chat/completions'

/** As the router leaves a request whose path holds no names. */
type Asked = IncomingMessage & { params: unknown }

/**
 * The HTTP face of a gateway. No logic in here: it only says what is where.
 *
 * Of Express only the router is used. Its application would give every request and response another prototype, which
 * costs half as much as everything else before a handler; so what handlers get are Node's own objects, with `params`.
 */
export function createApp(options: AppOptions): App {
  const { gateway, keys, log, ratesOf, credentials = new Map(), clock = systemClock } = options
  const now = () => clock.now()
  const open = new OpenRequests()
  const budget = new BodyBudget(options.limits)
  const readJson = bodyReader(budget, refuseAddresses)
  const { files } = options
  const readIn = (dialect: Dialect) => (files ? withFiles(readJson, files, budget, dialect) : readJson)

  const router = Router()
  const { slowDown = new SlowDown(clock) } = options
  const onAdmitted = options.onRevoke === 'cut' ? cutRevoked(open, options.madeKeys, clock) : undefined
  const findClient = keys && clientFinder(keys, options.madeKeys)
  const guard = findClient && authenticate(findClient, slowDown, onAdmitted)
  const admin = options.admin && adminAccess({ ...options.admin, rules: options.access, findClient, slowDown })
  const gate = access(options.access)
  const post = chat(gateway, open, readIn('openai-chat'))
  const { state = memoryState({ clock }), sealKey = ownKey() } = options
  const store = new ResponseStore(state)
  const onNotKept = (err: unknown) =>
    log.warn({ err }, 'A response could not be kept: it cannot be continued by its id')
  const translating = (dialect: Dialect) => ({ gateway, open, readJson: readIn(dialect), sealFor: sealsBy(sealKey) })
  const inMessages = translating('anthropic-messages')
  // Before the gate, which lets in other pages and answers their preflights.
  if (admin) {
    router.use('/admin', admin.guard)
    const { reloader } = options
    const reloading = reloader ? reloadRoutes(reloader) : []
    const made = options.madeKeys
    const forKeys = made ? adminKeyRoutes({ made, configured: keys ?? [], clock, readJson }) : []
    const ofUsage = options.usage ? [adminUsageRoute(options.usage, clock)] : []
    const ofTokens = adminRoutes({ credentials, clock, readJson })
    const explaining = explainRoute({ gateway, open, clock, readJson, keys, madeKeys: made })
    for (const { path, ...methods } of [...ofTokens, ...reloading, ...forKeys, ...ofUsage, explaining]) {
      serve(router, path, { ...methods, isForPages: false })
    }
    if (options.metrics) {
      serve(router, '/metrics', { get: metricsRoute(options.metrics), isForPages: false }, admin.guard)
    }
    router.use('/admin', (request, response) => {
      throw nothingAt(request.method, exchangeOf(response).path)
    })
  }
  router.use(gate)
  serve(router, chatPath, { post }, guard)
  serve(router, '/', { get: home(options.facts) })
  serve(router, '/favicon.ico', { get: noIcon })
  const { facts, requests, startedAt = clock.elapsed() } = options
  serve(router, '/health', { get: health({ version: facts.version, startedAt, clock, admin, credentials, requests }) })
  if (guard) router.use(guard)
  serve(router, '/v1/messages', { post: messages(inMessages) })
  serve(router, '/v1/messages/count_tokens', { post: countMessageTokens(inMessages) })
  const { read, remove, inputItems, cancel } = storedResponses(store)
  serve(router, '/v1/responses', {
    get: noWebSocket,
    post: createResponse({ ...translating('openai-responses'), store, budget, onNotKept }),
  })
  // Endpoints of OpenAI's that are not here, and no ids.
  router.post(['/v1/responses/compact', '/v1/responses/input_tokens'], (request, response) => {
    throw nothingAt(request.method, exchangeOf(response).path)
  })
  serve(router, '/v1/responses/:id', { get: read as Handler, delete: remove as Handler })
  serve(router, '/v1/responses/:id/input_items', { get: inputItems as Handler })
  serve(router, '/v1/responses/:id/cancel', { post: cancel as Handler })
  const endpoints = { gateway, open, readJson, readForm: formReader(budget, clock), store: files }
  for (const { path, ...methods } of endpointRoutes(endpoints)) serve(router, path, methods)
  serve(router, '/v1/models', { get: listModels(gateway, open) })
  serve(router, '/v1/models/*id', { get: readModel(gateway, open) as Handler })

  let running = 0
  let becomeIdle: (() => void) | undefined
  const ended = () => {
    if (--running === 0) becomeIdle?.()
  }
  const over = whenOver(options.logsAccess ? logAccess(log, now) : undefined, options.metrics)
  const { tracing } = options
  const answerError = errorAnswer(log)
  // Nearly every request is for this one, and finding it again costs as much as half of what is done in it.
  const chatHandlers = guard ? [gate, guard, post] : [gate, post]
  return {
    handle(request, response) {
      const exchange = openExchange(request, response, now(), gateway.variants)
      exchange.ratesOf = ratesOf
      running++
      exchange.atEnd(ended)
      if (over) exchange.atEnd(() => over(exchange, request, response))
      if (tracing) tellTrace(tracing(), exchange.id, request)
      const finish = (cause?: unknown) => {
        answerError(cause ?? nothingAt(request.method, exchange.path), response)
      }
      if (request.url === chatPath && request.method === 'POST')
        inTurn(chatHandlers, request as Asked, response, finish)
      else router(request as Request, response as Response, finish)
    },
    get load() {
      return open.load
    },
    endRequests: (reason) => open.end(reason),
    whenIdle: () =>
      new Promise((resolve) => {
        if (running === 0) resolve()
        else becomeIdle = resolve
      }),
  }
}

type Over = ReturnType<typeof logAccess>

/** One function for all who are told, because each ending costs every request. */
function whenOver(logged: Over | undefined, metrics: AppOptions['metrics']): Over | undefined {
  if (!metrics) return logged
  return (exchange, request, response) => {
    metrics.answered(response.headersSent ? response.statusCode : 499)
    logged?.(exchange, request, response)
  }
}

function tellTrace(tracing: Tracing | undefined, id: string, { headers }: IncomingMessage): void {
  tracing?.began(id, header(headers, 'traceparent'), header(headers, 'tracestate'))
}

function ownKey(): () => Promise<Uint8Array> {
  const key = randomBytes(32)
  return async () => key
}

function nothingAt(method: string | undefined, path: string): DragomanError {
  return new DragomanError('unknown_url', `Nothing is served at ${method} ${path}`)
}

/** Handlers one after the other, as the router runs those of a route. */
function inTurn(
  handlers: readonly Handler[],
  request: Asked,
  response: ServerResponse,
  finish: (cause?: unknown) => void,
  at = 0,
): void {
  const next = (cause?: unknown) => (cause ? finish(cause) : inTurn(handlers, request, response, finish, at + 1))
  try {
    const outcome = handlers[at]?.(request, response, next)
    if (outcome instanceof Promise) outcome.catch(finish)
  } catch (cause) {
    finish(cause)
  }
}

/** A path with its methods; any other method is a 405 that names them. */
function serve(router: Router, path: string, methods: Methods, guard?: Handler): void {
  const { get, post, patch, delete: remove, isForPages = true } = methods
  const route = router.route(path)
  if (guard) route.all(guard)
  if (get) route.get(get)
  if (post) route.post(post)
  if (patch) route.patch(patch)
  if (remove) route.delete(remove)
  const allowed = [
    ...(get ? ['GET', 'HEAD'] : []),
    ...(post ? ['POST'] : []),
    ...(patch ? ['PATCH'] : []),
    ...(remove ? ['DELETE'] : []),
    ...(isForPages ? ['OPTIONS'] : []),
  ].join(', ')
  route.all((request, response) => {
    response.setHeader('allow', allowed)
    throw new DragomanError('method_not_allowed', `${request.method} is not possible at ${path}, only ${allowed}`)
  })
}

interface Methods {
  readonly get?: Handler | undefined
  readonly post?: Handler | undefined
  readonly patch?: Handler | undefined
  readonly delete?: Handler | undefined
  /** Preflights are answered. Default true. */
  readonly isForPages?: boolean
}
