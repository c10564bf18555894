import type { Cooldown, Health } from './cooldown.ts'
import type { PoolEvent } from './pool-options.ts'

/** What a log is told when a lease for `model` has changed what is known of a credential. */
export function healthEvents(
  id: string,
  before: Health,
  after: Health,
  model: string | undefined,
  unixOf: (time: number) => number,
): readonly PoolEvent[] {
  const events: PoolEvent[] = []
  const compare = (was: Cooldown | undefined, is: Cooldown | undefined, ofModel: string | undefined) => {
    if (is && is.since !== was?.since) {
      events.push({ type: 'cooling', id, model: ofModel, reason: is.reason, until: unixOf(is.until) })
    } else if (was && !is) {
      events.push({ type: 'recovered', id, model: ofModel })
    }
  }
  if (after.disabled && after.disabled !== before.disabled) {
    events.push({ type: 'disabled', id, reason: after.disabled.reason })
  }
  compare(before.whole, after.whole, undefined)
  if (model !== undefined) compare(before.models.get(model), after.models.get(model), model)
  return events
}
