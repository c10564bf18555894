import { isOnlyGlobal } from './model-name.ts'
import type { VertexOptions } from './options.ts'

export interface Endpoint {
  /** `https://host` */
  readonly origin: string
  /** Up to `/chat/completions`, with a query where the operator's address has one. */
  readonly path: string
}

/** Where a model is called. The location stands in the host and in the path, and the two have to agree. */
export function endpointOf(id: string, project: string, options: VertexOptions): Endpoint {
  const { endpoint } = options
  const own = endpoint === undefined ? undefined : new URL(endpoint)
  if (own && own.pathname !== '/') return { origin: own.origin, path: withChat(own.pathname) + own.search }
  const location = locationOf(id, options)
  const host = location === 'global' ? 'aiplatform.googleapis.com' : `${location}-aiplatform.googleapis.com`
  return {
    origin: own?.origin ?? `https://${host}`,
    path: `/v1/projects/${encodeURIComponent(project)}/locations/${location}/endpoints/openapi/chat/completions`,
  }
}

function withChat(path: string): string {
  return path.endsWith('/chat/completions') ? path : `${path.replace(/\/+$/, '')}/chat/completions`
}

/** Whether a project stands in the path. */
export function needsProject({ endpoint }: VertexOptions): boolean {
  return endpoint === undefined || new URL(endpoint).pathname === '/'
}

function locationOf(id: string, { location, models }: VertexOptions): string {
  const own = models && !Array.isArray(models) ? new Map(Object.entries(models)) : undefined
  // Gemini goes by its bare name too.
  const set = own?.get(id) ?? own?.get(id.replace(/^google\/(?=gemini-)/, ''))
  return set ?? (isOnlyGlobal(id) ? 'global' : (location ?? 'global'))
}
