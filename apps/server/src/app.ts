import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { type Clock, DragomanError, type Secret, systemClock } from '@dragoman/core'
import type { Gateway } from '@dragoman/gateway'
import { type Request, type Response, Router } from 'express'
import type { Logger } from 'pino'
import { type AccessRules, access } from './http/access.ts'
import { adminAccess } from './http/admin-access.ts'
import { authenticate, type ClientKey, namesOf } from './http/authenticate.ts'
import { exchangeOf, OpenRequests, openExchange } from './http/exchange.ts'
import type { Handler } from './http/handler.ts'
import { logAccess } from './http/log-access.ts'
import { type BodyLimits, bodyReader } from './http/read-json.ts'
import { errorAnswer } from './http/send-error.ts'
import { SlowDown } from './http/slow-down.ts'
import type { ProviderCredentials } from './provider-credentials.ts'
import { adminRoutes } from './routes/admin.ts'
import { chat } from './routes/chat.ts'
import { health } from './routes/health.ts'
import { type HomeFacts, home } from './routes/home.ts'
import { listModels, readModel } from './routes/models.ts'

export interface AppOptions {
  gateway: Gateway
  access: AccessRules
  /** Undefined: whoever may reach the server may use it. */
  keys: readonly ClientKey[] | undefined
  limits: BodyLimits
  facts: HomeFacts
  log: Logger
  logsAccess: boolean
  /** By provider id, for `/admin` and `/health`. */
  credentials?: ReadonlyMap<string, ProviderCredentials> | undefined
  /** Undefined: there is no `/admin`. */
  admin?: { readonly key: Secret } | undefined
  clock?: Clock | undefined
}

export interface App {
  readonly handle: RequestListener
  /** Ends what is being answered, streams with an error frame. */
  endRequests(reason: DragomanError): void
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
  const { gateway, keys, log, credentials = new Map(), clock = systemClock } = options
  const now = () => clock.now()
  const readJson = bodyReader(options.limits)
  const open = new OpenRequests()

  const router = Router()
  const slowDown = new SlowDown(clock)
  const nameOfClient = keys && namesOf(keys)
  const guard = nameOfClient && authenticate(nameOfClient, slowDown)
  const admin = options.admin && adminAccess({ ...options.admin, rules: options.access, nameOfClient, slowDown })
  const gate = access(options.access)
  const post = chat(gateway, open, readJson)
  // Before the gate, which lets in other pages and answers their preflights.
  if (admin) {
    router.use('/admin', admin.guard)
    for (const { path, ...methods } of adminRoutes({ credentials, clock, readJson })) {
      serve(router, path, { ...methods, isForPages: false })
    }
    router.use('/admin', (request, response) => {
      throw nothingAt(request.method, exchangeOf(response).path)
    })
  }
  router.use(gate)
  serve(router, chatPath, { post }, guard)
  serve(router, '/', { get: home(options.facts) })
  serve(router, '/health', { get: health({ version: options.facts.version, clock, admin, credentials }) })
  if (guard) router.use(guard)
  serve(router, '/v1/models', { get: listModels(gateway, open) })
  serve(router, '/v1/models/*id', { get: readModel(gateway, open) as Handler })

  const over = options.logsAccess ? logAccess(log, now) : undefined
  const answerError = errorAnswer(log)
  // Nearly every request is for this one, and finding it again costs as much as half of what is done in it.
  const chatHandlers = guard ? [gate, guard, post] : [gate, post]
  return {
    handle(request, response) {
      const exchange = openExchange(request, response, now())
      if (over) exchange.atEnd(() => over(exchange, request, response))
      const finish = (cause?: unknown) => {
        answerError(cause ?? nothingAt(request.method, exchange.path), response)
      }
      if (request.url === chatPath && request.method === 'POST')
        inTurn(chatHandlers, request as Asked, response, finish)
      else router(request as Request, response as Response, finish)
    },
    endRequests: (reason) => open.end(reason),
  }
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
  const { get, post, isForPages = true } = methods
  const route = router.route(path)
  if (guard) route.all(guard)
  if (get) route.get(get)
  if (post) route.post(post)
  const allowed = [...(get ? ['GET', 'HEAD'] : []), ...(post ? ['POST'] : []), ...(isForPages ? ['OPTIONS'] : [])].join(
    ', ',
  )
  route.all((request, response) => {
    response.setHeader('allow', allowed)
    throw new DragomanError('method_not_allowed', `${request.method} is not possible at ${path}, only ${allowed}`)
  })
}

interface Methods {
  readonly get?: Handler | undefined
  readonly post?: Handler | undefined
  /** Preflights are answered. Default true. */
  readonly isForPages?: boolean
}
