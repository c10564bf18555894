import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { DragomanError } from '@dragoman/core'
import type { Gateway } from '@dragoman/gateway'
import { type Request, type Response, Router } from 'express'
import type { Logger } from 'pino'
import { type AccessRules, access } from './http/access.ts'
import { authenticate, type ClientKey } from './http/authenticate.ts'
import { OpenRequests, openExchange } from './http/exchange.ts'
import type { Handler } from './http/handler.ts'
import { logAccess } from './http/log-access.ts'
import { type BodyLimits, bodyReader } from './http/read-json.ts'
import { errorAnswer } from './http/send-error.ts'
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
  now?: () => number
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
  const { gateway, keys, log, now = Date.now } = options
  const readJson = bodyReader(options.limits)
  const open = new OpenRequests()

  const router = Router()
  const guard = keys && authenticate(keys)
  const gate = access(options.access)
  const post = chat(gateway, open, readJson)
  router.use(gate)
  serve(router, chatPath, { post }, guard)
  serve(router, '/', { get: home(options.facts) })
  serve(router, '/health', { get: health({ version: options.facts.version, startedAt: now(), now }) })
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
        const error =
          cause ?? new DragomanError('unknown_url', `Nothing is served at ${request.method} ${exchange.path}`)
        answerError(error, response)
      }
      if (request.url === chatPath && request.method === 'POST')
        inTurn(chatHandlers, request as Asked, response, finish)
      else router(request as Request, response as Response, finish)
    },
    endRequests: (reason) => open.end(reason),
  }
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
function serve(router: Router, path: string, methods: { get?: Handler; post?: Handler }, guard?: Handler): void {
  const route = router.route(path)
  if (guard) route.all(guard)
  if (methods.get) route.get(methods.get)
  if (methods.post) route.post(methods.post)
  const allowed = [...(methods.get ? ['GET', 'HEAD'] : []), ...(methods.post ? ['POST'] : []), 'OPTIONS'].join(', ')
  route.all((request, response) => {
    response.setHeader('allow', allowed)
    throw new DragomanError('method_not_allowed', `${request.method} is not possible at ${path}, only ${allowed}`)
  })
}
