import type { Clock, Credential } from '@dragoman/core'

type Headers = Readonly<Record<string, string>>

interface HeaderOptions {
  /** Of the site. */
  readonly origin: string
  readonly webVersion: string
  readonly clock: Clock
}

/** What every request to the site carries. Cookies that the operator gave go along as they are; none is made up. */
export function siteHeaders(
  { origin, webVersion, clock }: HeaderOptions,
  { values: { token, cookie } }: Pick<Credential, 'values'> = { values: {} },
): Headers {
  const cookies = [token && `token=${token.reveal()}`, cookie?.reveal().replace(/(^|;\s*)token=[^;]*(;\s*|$)/, '$1')]
  const cookieHeader = cookies.filter(Boolean).join('; ')
  return {
    ...(token && { authorization: `Bearer ${token.reveal()}` }),
    ...(cookieHeader !== '' && { cookie: cookieHeader }),
    origin,
    referer: `${origin}/`,
    source: 'web',
    version: webVersion,
    'x-request-id': crypto.randomUUID(),
    timezone: timeZoneText(clock.now()),
  }
}

/** `Thu Oct 16 2025 12:00:00 GMT+0000` */
function timeZoneText(now: number): string {
  const [, day, date, month, year, time] = /^(\w+), (\d+) (\w+) (\d+) ([\d:]+)/.exec(new Date(now).toUTCString()) ?? []
  return `${day} ${month} ${date} ${year} ${time} GMT+0000`
}
