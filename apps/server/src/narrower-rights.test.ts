import type { KeyRights } from '@dragoman/core'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { hasLimits, isNarrower, narrowed, widerField } from './narrower-rights.ts'

const name = fc.constantFrom('a', 'ab', 'abc', 'b', 'ab*', 'a*', 'b*', '*')
const amount = fc.integer({ min: 1, max: 4 })
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined })
const budget = fc.record({
  day: maybe(amount),
  month: maybe(amount),
  tokensPerDay: maybe(amount),
  tokensPerMonth: maybe(amount),
  timeZone: maybe(fc.constantFrom('UTC', 'Europe/Oslo')),
})
const anyRights: fc.Arbitrary<KeyRights> = fc.record({
  models: maybe(fc.array(name, { maxLength: 3 })),
  requestsPerMinute: maybe(amount),
  tokensPerMinute: maybe(amount),
  budget: maybe(budget),
  allow: maybe(fc.record({ hostedTools: maybe(fc.boolean()) })),
  expiresAt: maybe(amount),
})

const models = ['a', 'ab', 'abc', 'abd', 'b', 'bc', 'c', '']
const may = ({ models }: KeyRights, model: string) =>
  models === undefined || models.some((one) => (one.endsWith('*') ? model.startsWith(one.slice(0, -1)) : one === model))

const holds = (
  property: fc.IProperty<KeyRights[]> | fc.IProperty<[KeyRights, KeyRights]> | fc.IProperty<[KeyRights]>,
) => fc.assert(property as fc.IProperty<unknown>, { numRuns: 500 })

test('every key is as narrow as itself', () => {
  holds(fc.property(anyRights, (rights) => isNarrower(rights, rights)))
})

test('what is narrower than something narrower is narrower', () => {
  // Pairs that fit are rare among random ones, so they are made.
  holds(
    fc.property(anyRights, anyRights, anyRights, (a, b, c) => {
      const middle = narrowed(b, c)
      const least = narrowed(a, middle)
      return isNarrower(least, middle) && isNarrower(middle, c) && isNarrower(least, c)
    }) as never,
  )
})

test('what two may do together is no more than either may, in every field and for every model', () => {
  holds(
    fc.property(anyRights, anyRights, (child, parent) => {
      const both = narrowed(child, parent)
      expect(widerField(both, parent)).toBeUndefined()
      for (const model of models) expect(may(both, model)).toBe(may(child, model) && may(parent, model))
      // Days may begin at the parent's hour, which is then not the child's.
      expect([undefined, 'budget.timeZone']).toContain(widerField(both, child))
    }),
  )
})

test('a key that is narrower already stays what it may do', () => {
  holds(
    fc.property(anyRights, anyRights, (one, parent) => {
      const child = narrowed(one, parent)
      const again = narrowed(child, parent)
      return isNarrower(again, child) && isNarrower(child, again)
    }),
  )
})

test('a key that is narrower can reach no model that the other cannot', () => {
  holds(
    fc.property(anyRights, anyRights, (child, parent) => {
      if (isNarrower(child, parent))
        for (const model of models) if (may(child, model)) expect(may(parent, model)).toBe(true)
    }),
  )
})

const parent: KeyRights = {
  models: ['glm-*', 'qwen'],
  requestsPerMinute: 10,
  tokensPerMinute: 1_000,
  budget: { day: 5, month: 50, tokensPerDay: 100, tokensPerMonth: 1_000 },
  expiresAt: 1_000,
}

test.each<[Partial<KeyRights>, string | undefined]>([
  [{}, undefined],
  [{ models: ['glm-5', 'glm-4*'] }, undefined],
  [{ models: [] }, undefined],
  [{ models: ['glm*'] }, 'models'],
  [{ models: ['GLM-5'] }, 'models'],
  [{ models: ['qwen*'] }, 'models'],
  [{ models: ['*'] }, 'models'],
  [{ models: undefined }, 'models'],
  [{ requestsPerMinute: 11 }, 'requestsPerMinute'],
  [{ requestsPerMinute: undefined }, 'requestsPerMinute'],
  [{ tokensPerMinute: 1_001 }, 'tokensPerMinute'],
  [{ expiresAt: undefined }, 'expiresAt'],
  [{ expiresAt: 1_001 }, 'expiresAt'],
  [{ budget: undefined }, 'budget.day'],
  [{ budget: { ...parent.budget, day: 5.01 } }, 'budget.day'],
  [{ budget: { ...parent.budget, tokensPerMonth: undefined } }, 'budget.tokensPerMonth'],
  [{ budget: { ...parent.budget, timeZone: 'Europe/Oslo' } }, 'budget.timeZone'],
  [{ budget: { ...parent.budget, timeZone: 'UTC' } }, undefined],
  [{ allow: { hostedTools: true } }, 'allow.hostedTools'],
  [{ allow: { hostedTools: false } }, undefined],
])('of a limited key, one that has also %j is wider in %j', (change, field) => {
  expect(widerField({ ...parent, ...change }, parent)).toBe(field)
})

test.each<[KeyRights, boolean]>([
  [{}, false],
  [{ expiresAt: 1 }, false],
  [{ allow: { hostedTools: true } }, false],
  [{ budget: { timeZone: 'UTC' } }, false],
  [{ allow: { hostedTools: false } }, true],
  [{ models: [] }, true],
  [{ requestsPerMinute: 1 }, true],
  [{ budget: { day: 1 } }, true],
])('%j has limits: %j', (rights, expected) => {
  expect(hasLimits(rights)).toBe(expected)
})
