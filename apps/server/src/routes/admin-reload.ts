import { DragomanError } from '@dragoman/core'
import { exchangeOf } from '../http/exchange.ts'
import type { Handler } from '../http/handler.ts'
import { sendJson } from '../http/send-json.ts'
import { inWords } from '../reload/difference.ts'
import type { Reloader, ReloadOutcome } from '../reload/reloader.ts'
import { settingsTree, shownTree } from '../reload/settings-tree.ts'
import type { AdminRoute } from './admin.ts'

/** `/admin/reload` and `/admin/config`. Whoever gets here has the admin key. */
export function reloadRoutes(reloader: () => Reloader | undefined): readonly AdminRoute[] {
  const there = () => {
    const found = reloader()
    if (found) return found
    throw new DragomanError('unknown_url', 'This server was started with settings that cannot be read again')
  }
  const reload: Handler = async (_request, response) => {
    const { query } = exchangeOf(response)
    const dryRun = isOn(query, 'dryRun')
    const outcome = await there().reload({ by: 'admin', dryRun, newOrigins: isOn(query, 'newOrigins') })
    if (outcome.result !== 'refused') return sendJson(response, shown(outcome))
    const message = `The configuration was not reloaded, the one before goes on: ${outcome.problems.join('; ')}`
    throw new DragomanError('invalid_request', message, { publicCode: 'config_invalid' })
  }
  return [
    {
      path: '/admin/reload',
      get(_request, response) {
        const { last, live } = there()
        sendJson(response, { last: last ? shown(last) : null, leaving: live.leaving })
      },
      post: reload,
    },
    {
      path: '/admin/config',
      get(_request, response) {
        response.setHeader('cache-control', 'no-store')
        const { settings } = there().live.serving
        sendJson(response, { config: shownTree(settingsTree(settings)), sources: settings.sources })
      },
    },
  ]
}

function shown({ at, changes, ...outcome }: ReloadOutcome) {
  return {
    ...outcome,
    at: new Date(at).toISOString(),
    changes: changes.map((change) => ({ ...change, words: inWords(change) })),
  }
}

function isOn(query: URLSearchParams, name: string): boolean {
  const value = query.get(name)
  if (value === null || value === 'false') return false
  if (value === 'true' || value === '') return true
  throw new DragomanError('invalid_request', `${name}: expected true or false`, { param: name })
}
