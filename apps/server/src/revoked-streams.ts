import type { Clock } from '@dragoman/core'
import { type Client, endOf } from './http/authenticate.ts'
import type { Exchange, OpenRequests } from './http/exchange.ts'
import type { MadeKeys } from './made-keys.ts'

const lookedAtAfterMs = 1_000

/**
 * Ends what is still being answered for a key that ends meanwhile: at once where it is revoked here, within a second
 * where another process revokes it, or its time is over. The result is to be called with each request that has a key;
 * while none is open, nothing is looked at.
 */
export function cutRevoked(open: OpenRequests, made: MadeKeys | undefined, clock: Clock): (exchange: Exchange) => void {
  let isArmed = false
  let isLooking = false
  let isAskedAgain = false

  const look = async () => {
    // What changes while the keys are being read may have come too late to be seen.
    isAskedAgain = true
    if (isLooking) return
    isLooking = true
    try {
      while (isAskedAgain) {
        isAskedAgain = false
        const ids = new Set(open.exchanges.flatMap(({ key }) => (key && made ? key.id : [])))
        const present = await presentOf(made, ids)
        open.endThose(({ key }) => key && endOf(present.get(key.id) ?? key, clock.now()))
      }
    } finally {
      isLooking = false
    }
  }
  const arm = () => {
    isArmed = true
    clock.schedule(() => {
      isArmed = false
      if (open.exchanges.length === 0) return
      arm()
      void look()
    }, lookedAtAfterMs)
  }
  made?.onChange(() => void look())
  return () => {
    if (!isArmed) arm()
  }
}

/** The keys that were made, as they are now; none where that cannot be told. */
async function presentOf(
  made: MadeKeys | undefined,
  ids: ReadonlySet<string>,
): Promise<ReadonlyMap<string, Client | undefined>> {
  try {
    return new Map(await Promise.all([...ids].map(async (id) => [id, await made?.client(id)] as const)))
  } catch {
    return new Map() // who brings such a key next is told what is the matter with the store
  }
}
