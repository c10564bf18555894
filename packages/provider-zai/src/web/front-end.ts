import { type Call, DragomanError } from '@dragoman/core'
import { type HttpClient, readText } from '@dragoman/upstream'
import { mapWebError } from './errors.ts'

const key = 'zai-web:front-end'
const keptMs = 30 * 60_000

/** The build of the site's page, which its completion call has to name. Read from the page, kept for half an hour. */
export async function frontEndVersion(http: HttpClient, call: Call, left?: AbortSignal): Promise<string> {
  const known = await call.state.get(key)
  if (known !== undefined) return known
  const page = await readText(await http.get('/', { call, left, accept: 'text/html', mapError: mapWebError }))
  const version = newest(page)
  if (version === undefined) {
    throw new DragomanError('upstream_protocol', 'The page of chat.z.ai names no build of its front end', {
      origin: 'upstream',
    })
  }
  await call.state.set(key, version, { ttlMs: keptMs })
  return version
}

/** A build that is out of date is a 400 that does not say so: the next request looks anew. */
export function forgetFrontEnd({ state }: Call): void {
  state.delete(key).catch(() => {
    // It is forgotten by its time.
  })
}

function newest(page: string): string | undefined {
  const versions = [...page.matchAll(/prod-fe-(\d+)\.(\d+)\.(\d+)/g)]
  const rank = (match: RegExpExecArray) => match.slice(1, 4).reduce((sum, number) => sum * 100_000 + Number(number), 0)
  return versions.sort((a, b) => rank(b) - rank(a))[0]?.[0]
}
