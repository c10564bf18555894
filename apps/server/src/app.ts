import { DragomanError } from '@dragoman/core'
import type { Gateway } from '@dragoman/gateway'
import express, { type Express, type RequestHandler } from 'express'
import type { Logger } from 'pino'
import { type AccessRules, access } from './http/access.ts'
import { authenticate, type ClientKey } from './http/authenticate.ts'
import { OpenRequests, openExchange } from './http/exchange.ts'
import { logAccess } from './http/log-access.ts'
import { type BodyLimits, bodyReader } from './http/read-json.ts'
import { errorHandler } from './http/send-error.ts'
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
  readonly handle: Express
  /** Ends what is being answered, streams with an error frame. */
  endRequests(reason: DragomanError): void
}

/** The HTTP face of a gateway. No logic in here: it only says what is where. */
export function createApp(options: AppOptions): App {
  const { gateway, keys, log, now = Date.now } = options
  const readJson = bodyReader(options.limits)
  const open = new OpenRequests()

  const app = express()
  app.disable('x-powered-by')
  app.disable('etag')
  app.use(openExchange(now))
  if (options.logsAccess) app.use(logAccess(log, now))
  app.use(access(options.access))

  serve(app, '/', { get: home(options.facts) })
  serve(app, '/health', { get: health({ version: options.facts.version, startedAt: now(), now }) })
  if (keys) app.use(authenticate(keys))
  serve(app, '/v1/chat/completions', { post: chat(gateway, open, readJson) })
  serve(app, '/v1/models', { get: listModels(gateway, open) })
  serve(app, '/v1/models/*id', { get: readModel(gateway, open) as RequestHandler })

  app.use((request, response) => {
    const { path } = response.locals.exchange
    throw new DragomanError('unknown_url', `Nothing is served at ${request.method} ${path}`)
  })
  app.use(errorHandler(log))
  return { handle: app, endRequests: (reason) => open.end(reason) }
}

/** A path with its methods; any other method is a 405 that names them. */
function serve(app: Express, path: string, methods: { get?: RequestHandler; post?: RequestHandler }): void {
  const route = app.route(path)
  if (methods.get) route.get(methods.get)
  if (methods.post) route.post(methods.post)
  const allowed = [...(methods.get ? ['GET', 'HEAD'] : []), ...(methods.post ? ['POST'] : []), 'OPTIONS'].join(', ')
  route.all((request, response) => {
    response.setHeader('allow', allowed)
    throw new DragomanError('method_not_allowed', `${request.method} is not possible at ${path}, only ${allowed}`)
  })
}
