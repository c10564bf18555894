import { DragomanError } from '@dragoman/core'
import type { ResponseHead } from './exchange.ts'

export function readBaseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const isHttp = url?.protocol === 'http:' || url?.protocol === 'https:'
  if (url && isHttp && url.username === '' && url.password === '') return url
  // It may hold a password, so it is not repeated here.
  const message = 'A base URL has to be an http:// or https:// URL without a name and password in it'
  throw new DragomanError('invalid_request', message, { param: 'baseUrl' })
}

/** What a request line names. */
export interface Target {
  /** With the query. */
  readonly path: string
  readonly pathname: string
}

/** Reads paths below the base's, with the queries of both. Nearly all requests of a client go to the same. */
export function targetReader(base: URL): (path: string) => Target {
  let last: string | undefined
  let target: Target = targetOf(base)
  return (path) => {
    if (path !== last) {
      target = targetOf(requestUrl(base, path))
      last = path
    }
    return target
  }
}

function requestUrl(base: URL, path: string): URL {
  const [pathname = '', query = ''] = path.replaceAll('#', '%23').split(/\?(.*)/s)
  const search = query === '' ? base.search : `${base.search === '' ? '?' : `${base.search}&`}${query}`
  return new URL(`${base.origin}${base.pathname.replace(/\/+$/, '')}/${pathname.replace(/^\/+/, '')}${search}`)
}

function targetOf({ pathname, search }: URL): Target {
  return { path: pathname + search, pathname }
}

/**
 * Where a redirect leads, if it may be followed: the very same request to the very same server, so that neither the
 * method changes nor a credential goes anywhere else.
 */
export function redirectTarget({ status, headers }: ResponseHead, origin: string, from: Target): Target | undefined {
  const location = headers.location?.toString()
  if ((status !== 307 && status !== 308) || location === undefined) return undefined
  const to = URL.parse(location, origin + from.path)
  return to?.origin === origin ? targetOf(to) : undefined
}
