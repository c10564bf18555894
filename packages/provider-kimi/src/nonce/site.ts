import { DragomanError, isDragomanError, type OutgoingProxy, type ProviderEnvironment } from '@dragoman/core'
import { createHttpClient, type ErrorResponse, readText, redact, renewOnce } from '@dragoman/upstream'
import { challengeIn } from '../challenge.ts'
import { createNonceSource, type NonceCall } from './nonce-source.ts'
import { readPageNonce } from './page-nonce.ts'

export const siteName = 'kimi-ai.chat'

const advice =
  'it answers without an account, so nothing can be supplied; use the documented API of Moonshot (type kimi)'

export interface SiteRequest {
  readonly message: string
  readonly model: string
  readonly session: string
}

/** The site's two calls: the page that holds the nonce, and the message. */
export interface Site {
  /** What the site answers to one message. A refused nonce is renewed once. */
  ask(request: SiteRequest, call: NonceCall, left: AbortSignal): Promise<string>
  close(): Promise<void>
}

export function createSite(baseUrl: string, proxy: string | OutgoingProxy | undefined, env: ProviderEnvironment): Site {
  const http = createHttpClient({ provider: siteName, baseUrl, proxy, clock: env.clock })
  const mapError = (response: ErrorResponse) =>
    challengeIn(response, siteName, advice) ?? (isNonceRefusal(response.text) ? refused('the nonce') : undefined)
  const nonces = createNonceSource(`kimi-nonce:nonce:${baseUrl}`, async (call) => {
    const page = await http.get('/chat/', { call, accept: 'text/html', mapError })
    const html = await readText(page)
    const nonce = readPageNonce(html)
    if (nonce !== undefined) return nonce
    const error = page.call.errorFromText(html)
    if (error.code === 'upstream_challenge') throw error
    throw new DragomanError('upstream_protocol', `The chat page of ${siteName} holds no nonce`, { origin: 'upstream' })
  })

  async function send(nonce: string, request: SiteRequest, call: NonceCall, left: AbortSignal): Promise<string> {
    const { message, model, session } = request
    const form = new URLSearchParams({ action: 'kimi_send_message', nonce, message, model, session_id: session })
    const response = await http.post('/wp-admin/admin-ajax.php', {
      call,
      left,
      mapError,
      body: Buffer.from(form.toString()),
      // WordPress plugins send their JSON as HTML more often than not.
      accept: 'application/json, text/html',
      headers: {
        'content-type': 'application/x-www-form-urlencoded; charset=UTF-8',
        referer: `${baseUrl}/chat/`,
        origin: new URL(baseUrl).origin,
        'x-requested-with': 'XMLHttpRequest',
      },
    })
    const text = await readText(response)
    const answer = parse(text)
    if (!answer || typeof answer.success !== 'boolean') throw response.call.errorFromText(text)
    if (!answer.success) throw refused(redact(wordsOf(answer.data), [nonce]))
    return typeof answer.data === 'object' && answer.data !== null ? textOf(answer.data) : ''
  }

  return {
    async ask(request, call, left) {
      const waiting: NonceCall = { ...call, signal: AbortSignal.any([call.signal, left]) }
      let nonce = await nonces.get(waiting)
      return renewOnce(
        () => send(nonce, request, call, left),
        async () => {
          nonce = await nonces.renew(nonce, waiting)
        },
        (error) => isDragomanError(error) && refusals.has(error),
      )
    },
    close: () => http.close(),
  }
}

/** Answers that may come of an old nonce: what else they come of is not to be told apart. */
const refusals = new WeakSet<DragomanError>()

function refused(what: string): DragomanError {
  const error = new DragomanError('upstream_unavailable', `${siteName} refused: ${what}`, { origin: 'upstream' })
  refusals.add(error)
  return error
}

/** What WordPress itself says to a wrong nonce, and to an action that it does not know. */
function isNonceRefusal(text: string): boolean {
  return /^\s*(-1|0)\s*$/.test(text)
}

function parse(text: string): { success?: unknown; data?: unknown } | undefined {
  try {
    const json: unknown = JSON.parse(text)
    return typeof json === 'object' && json !== null ? json : undefined
  } catch {
    return undefined // the caller says what it is instead
  }
}

function textOf(data: object): string {
  return 'message' in data && typeof data.message === 'string' ? data.message : ''
}

function wordsOf(data: unknown): string {
  const words = typeof data === 'object' && data !== null ? textOf(data) : String(data ?? '')
  return words.slice(0, 500) || 'no reason given'
}
