import { type Clock, DragomanError, isDragomanError, systemClock, toDragomanError } from '@dragoman/core'
import manifest from '../package.json' with { type: 'json' }
import { type AddressGuard, addressGuard, type LookUp, RefusedAddress } from './address-guard.ts'
import { readDataUrl } from './data-url.ts'
import { createGuardedDispatcher } from './dispatcher.ts'
import { Exchange, type ResponseHead } from './exchange.ts'
import { inBytes, inSeconds, resolveLimits } from './limits.ts'
import { mediaName, mediaType } from './media-type.ts'

export interface FetchMediaOptions {
  /** Ends it at any moment. */
  readonly signal: AbortSignal
  /** Private addresses (`10.1.2.3`), networks (`10.1.0.0/16`) and host names that may be fetched from. Default none. */
  readonly allow?: readonly string[] | undefined
  /** Of the file, decompressed. Default 20 MiB. */
  readonly maxBytes?: number | undefined
  /** For everything, redirects included. Default 15 s. */
  readonly timeoutMs?: number | undefined
  /** Media types that are taken: `image/png`, or `image/*`. Default all. */
  readonly types?: readonly string[] | undefined
  /** The field that held the URL, for errors. Default `url`. */
  readonly param?: string | undefined
  readonly clock?: Clock | undefined
  /** In place of the system's resolver. */
  readonly lookUp?: LookUp | undefined
}

export interface Media {
  readonly bytes: Uint8Array
  /** As its bytes show, else as its server declared; without parameters. */
  readonly type: string
  /** From the path of the URL, safe as a file name, with an extension. */
  readonly name: string
}

const MAX_MEDIA_BYTES = 20 * 1024 * 1024
const TIMEOUT_MS = 15_000
const MAX_REDIRECTS = 3

/**
 * A file that a client names by URL: `http:`, `https:` or `data:`.
 *
 * Nothing but public addresses is connected to, and what `allow` lists: each redirect and every address that a name
 * leads to is checked as it is connected to. No credential, cookie or referer is sent, and no proxy is used, whose
 * lookups nobody could check. All failures are the caller's: `invalid_request`, or `unsupported_value` for a type or
 * scheme that is not taken; an abort is `aborted`. Messages name the host and nothing more of the URL.
 */
export async function fetchMedia(url: string, options: FetchMediaOptions): Promise<Media> {
  const { signal, param = 'url', maxBytes = MAX_MEDIA_BYTES } = options
  if (signal.aborted) throw toDragomanError(signal.reason, signal)
  const fetched = /^\s*data:/i.test(url) ? readData(url.trim(), maxBytes, param) : await download(url, options)
  const type = mediaType(fetched.bytes, fetched.declared, fetched.path)
  if (options.types && !options.types.some((taken) => isOfType(type, taken))) {
    const message = `The file is ${type}, and only ${options.types.join(', ')} is taken here`
    throw new DragomanError('unsupported_value', message, { param })
  }
  return { bytes: fetched.bytes, type, name: mediaName(fetched.path, type) }
}

function isOfType(type: string, taken: string): boolean {
  return taken.endsWith('/*') ? type.startsWith(taken.slice(0, -1)) : type === taken
}

interface Fetched {
  readonly bytes: Uint8Array
  readonly declared: string | undefined
  readonly path: string
}

function readData(url: string, maxBytes: number, param: string): Fetched {
  const read = readDataUrl(url, maxBytes)
  if (read === 'too large') throw tooLarge('The data URL', maxBytes, param)
  if (read === 'malformed') throw new DragomanError('invalid_request', 'The data URL cannot be decoded', { param })
  return { bytes: read.bytes, declared: read.type, path: '' }
}

async function download(text: string, options: FetchMediaOptions): Promise<Fetched> {
  const { allow = [], timeoutMs = TIMEOUT_MS, clock = systemClock, param = 'url' } = options
  const guard = addressGuard(allow, options.lookUp)
  let url = readUrl(text, undefined, guard, param)
  const deadline = new AbortController()
  const cancel = clock.schedule(() => {
    const message = `${url.host} did not send the file within ${inSeconds(timeoutMs)}`
    deadline.abort(new DragomanError('invalid_request', message, { param }))
  }, timeoutMs)
  try {
    for (let redirects = 0; ; redirects++) {
      const answer = await hop(url, guard, deadline.signal, options)
      if ('bytes' in answer) return answer
      if (redirects === MAX_REDIRECTS) {
        const message = `${url.host} redirects again after ${MAX_REDIRECTS} redirects`
        throw new DragomanError('invalid_request', message, { param })
      }
      url = readUrl(answer.location, url, guard, param)
    }
  } finally {
    cancel()
  }
}

/** The rules of every URL, before anything is connected. */
function readUrl(text: string, base: URL | undefined, guard: AddressGuard, param: string): URL {
  const url = URL.parse(text, base?.href)
  const what = base ? `The redirect of ${base.host}` : 'The URL'
  if (!url) {
    const problem = base ? `${what} is not a URL` : 'Expected a URL with http:, https: or data:'
    throw new DragomanError('invalid_request', problem, { param })
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new DragomanError('unsupported_value', `${what} has to be http:, https: or data:`, { param })
  }
  if (url.username !== '' || url.password !== '') {
    throw new DragomanError('invalid_request', `${what} must not hold a name or password`, { param })
  }
  if (!guard.accepts(url.hostname)) throw refused(url.host, param)
  return url
}

async function hop(
  url: URL,
  guard: AddressGuard,
  left: AbortSignal,
  { signal, maxBytes = MAX_MEDIA_BYTES, timeoutMs = TIMEOUT_MS, clock = systemClock, param = 'url' }: FetchMediaOptions,
): Promise<Fetched | { readonly location: string }> {
  const { origin, host, pathname, search } = url
  const openAnew = () => createGuardedDispatcher(origin, guard.lookup)
  const dispatcher = openAnew()
  const headers = { 'user-agent': USER_AGENT, accept: '*/*', 'accept-encoding': 'gzip, br' }
  const request = {
    origin,
    method: 'GET' as const,
    path: pathname + search,
    headers,
    headersTimeout: 0,
    bodyTimeout: 0,
  }
  const limits = resolveLimits({
    connectMs: timeoutMs,
    headersMs: timeoutMs,
    wholeHeadersMs: timeoutMs,
    idleMs: timeoutMs,
    // Counted here as well, for the message: this stops a compressed body that comes to nothing.
    maxAnswerBytes: maxBytes + 65_536,
  })
  const common = { provider: 'The file', host, limits, isStream: false, clock, signal, left }
  let head: ResponseHead | undefined
  try {
    head = await new Exchange({ request, dispatcher, openAnew, ...common }).start()
    const location = redirectOf(head)
    if (location !== undefined) return { location }
    if (head.status < 200 || head.status >= 300) {
      throw new DragomanError('invalid_request', `${host} answered ${head.status} instead of a file`, { param })
    }
    const bytes = await readAll(head, maxBytes, () => tooLarge(`The file at ${host}`, maxBytes, param))
    if (bytes.length === 0) throw new DragomanError('invalid_request', `The file at ${host} is empty`, { param })
    return { bytes, declared: head.headers['content-type']?.toString(), path: pathname }
  } catch (error) {
    throw explain(error, host, param)
  } finally {
    head?.body.release()
    void dispatcher.destroy()
  }
}

const USER_AGENT = `dragoman/${manifest.version}`

function redirectOf({ status, headers }: ResponseHead): string | undefined {
  return [301, 302, 303, 307, 308].includes(status) ? headers.location?.toString() : undefined
}

async function readAll({ headers, body }: ResponseHead, maxBytes: number, fail: () => DragomanError): Promise<Buffer> {
  if (Number(headers['content-length']) > maxBytes) throw fail()
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of body) {
    length += chunk.length
    if (length > maxBytes) throw fail()
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** What the network says is the caller's to mend: nobody else chose this URL. */
function explain(error: unknown, host: string, param: string): unknown {
  if (!isDragomanError(error) || error.scope !== 'upstream') return error
  if (error.cause instanceof RefusedAddress) return refused(host, param)
  return new DragomanError('invalid_request', error.message, { param, cause: error.cause })
}

function refused(host: string, param: string): DragomanError {
  const message = `${host} is not on the public internet, and is not listed in outbound.allow`
  return new DragomanError('invalid_request', message, { param })
}

function tooLarge(what: string, maxBytes: number, param: string): DragomanError {
  return new DragomanError('invalid_request', `${what} is larger than ${inBytes(maxBytes)}`, { param })
}
