import { createHash } from 'node:crypto'
import { type Call, toDragomanError, untilAborted } from '@dragoman/core'
import type { OrionService } from './service.ts'

export interface ProjectFinder {
  /** Id of the account's project for our conversations, which is created where there is none. */
  find(call: Call, left: AbortSignal): Promise<string>
  /** To be called when it turned out to be gone. */
  forget(call: Call): Promise<void>
}

const KEPT_MS = 24 * 3_600_000

export function projectFinder(service: OrionService, name: string): ProjectFinder {
  // Two requests at once would each create one.
  const searches = new Map<string, Promise<string>>()

  const search = async (key: string, call: Call): Promise<string> => {
    const known = (await service.projects(call)).find((project) => project.name === name)
    const id = known?.id ?? (await service.createProject(name, call))
    await call.state.set(key, id, { ttlMs: KEPT_MS })
    return id
  }

  return {
    async find(call, left) {
      const key = keyOf(call, name)
      const known = await call.state.get(key)
      if (known !== undefined) return known
      const signal = AbortSignal.any([call.signal, left])
      try {
        signal.throwIfAborted()
        // Others wait for it too, so nobody's abort may end it; its limits do.
        const running =
          searches.get(key) ??
          search(key, { ...call, signal: new AbortController().signal }).finally(() => searches.delete(key))
        searches.set(key, running)
        return await untilAborted(running, signal)
      } catch (error) {
        throw toDragomanError(error, signal)
      }
    },
    forget: (call) => call.state.delete(keyOf(call, name)),
  }
}

/** By the token as well: under the same id an operator may put that of another account. */
function keyOf({ credential: { id, values } }: Call, name: string): string {
  const account = createHash('sha256')
    .update(values.token?.reveal() ?? '')
    .digest('base64url')
    .slice(0, 12)
  return `orion-web:project:${id}:${account}:${name}`
}
