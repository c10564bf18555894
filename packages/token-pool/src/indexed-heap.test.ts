import fc from 'fast-check'
import { expect, test } from 'vitest'
import { IndexedHeap } from './indexed-heap.ts'

const items = Array.from({ length: 12 }, (_, index) => ({ index }))
const at = fc.nat({ max: items.length - 1 })
const step = fc.oneof(
  fc.record({ do: fc.constant('set' as const), at, rank: fc.integer({ min: -5, max: 5 }) }),
  fc.record({ do: fc.constant('delete' as const), at, rank: fc.constant(0) }),
  fc.record({ do: fc.constant('first' as const), at, rank: fc.constant(0) }),
)

test('the top is the least of what was set and not deleted', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const heap = new IndexedHeap<{ index: number }>()
      const ranks = new Map<{ index: number }, number>()
      for (const { do: what, at, rank } of steps) {
        const item = items[at] ?? { index: 0 }
        if (what === 'set') {
          heap.set(item, rank)
          ranks.set(item, rank)
        } else if (what === 'delete') {
          heap.delete(item)
          ranks.delete(item)
        } else {
          const found = heap.first(({ index }) => index >= at)
          const accepted = [...ranks].filter(([{ index }]) => index >= at).map(([, value]) => value)
          expect(found && ranks.get(found)).toBe(accepted.length === 0 ? undefined : Math.min(...accepted))
        }
        expect(heap.size).toBe(ranks.size)
        expect(heap.topRank).toBe(Math.min(...ranks.values()))
        expect(heap.top && ranks.get(heap.top)).toBe(ranks.size === 0 ? undefined : heap.topRank)
        for (const each of items) expect(heap.has(each)).toBe(ranks.has(each))
      }
      const drained: number[] = []
      for (let { top } = heap; top; top = heap.top) {
        drained.push(heap.topRank)
        heap.delete(top)
      }
      expect(drained).toEqual([...ranks.values()].sort((a, b) => a - b))
    }),
    { seed: 7, numRuns: 500 },
  )
})
