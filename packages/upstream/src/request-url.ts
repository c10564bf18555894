import { DragomanError } from '@dragoman/core'

export function readBaseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const isHttp = url?.protocol === 'http:' || url?.protocol === 'https:'
  if (url && isHttp && url.username === '' && url.password === '') return url
  // It may hold a password, so it is not repeated here.
  const message = 'A base URL has to be an http:// or https:// URL without a name and password in it'
  throw new DragomanError('invalid_request', message, { param: 'baseUrl' })
}

/** The path below the base's, with the queries of both. */
export function requestUrl(base: URL, path: string): URL {
  const [pathname = '', query = ''] = path.replaceAll('#', '%23').split(/\?(.*)/s)
  const search = query === '' ? base.search : `${base.search === '' ? '?' : `${base.search}&`}${query}`
  return new URL(`${base.origin}${base.pathname.replace(/\/+$/, '')}/${pathname.replace(/^\/+/, '')}${search}`)
}

/**
 * Where a redirect leads, if it may be followed: the very same request to the very same server, so that neither the
 * method changes nor a credential goes anywhere else.
 */
export function redirectTarget(status: number, location: string | undefined, from: URL): URL | undefined {
  if ((status !== 307 && status !== 308) || location === undefined || !URL.canParse(location, from.href))
    return undefined
  const to = new URL(location, from)
  return to.origin === from.origin ? to : undefined
}
