import { expect, test } from 'vitest'
import type { FixtureCase } from '../fixture.ts'
import { brokenAnswer } from './broken-answer.ts'
import { expectError } from './expectations.ts'
import { outcomeOf, type Rig } from './rig.ts'
import { type Difference, type StatusCheck, type StatusCheckName, statusChecks } from './status-checks.ts'

/** What the upstream refuses. */
export function testStatuses(
  ordinary: FixtureCase,
  start: () => Promise<Rig>,
  differs: Partial<Readonly<Record<StatusCheckName, Difference>>>,
): void {
  const { earlier } = brokenAnswer(ordinary)
  for (const [name, check] of Object.entries<StatusCheck>(statusChecks)) {
    const difference = differs[name as StatusCheckName]
    if (difference && difference.reason.trim() === '') throw new Error(`${name} differs, but without a reason`)
    if (difference?.leftOut) continue
    const codes = difference ? [difference.code] : check.codes
    const because = difference ? ` (${difference.reason})` : ''

    test(`${name} is ${codes.join(' or ')}${because}`, async () => {
      await using rig = await start()
      const reply = difference?.reply ?? check.reply
      rig.upstream.script(...earlier, typeof reply === 'function' ? reply(rig.clock.now()) : reply)
      const { chunks, error } = await outcomeOf(rig.chat())
      expect(chunks).toEqual([])
      expectError(error, codes)
      if (difference) return
      expect(error).toMatchObject(check.error ?? {})
      if (check.message) expect(String(error)).toContain(check.message)
    })
  }
}
