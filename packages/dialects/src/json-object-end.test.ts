import fc from 'fast-check'
import { expect, test } from 'vitest'
import { JsonObjectEnd } from './json-object-end.ts'

test('the end of any object is found, and not before it', () => {
  const objects = fc.dictionary(fc.string(), fc.jsonValue()).map((value) => JSON.stringify(value, null, 1))
  fc.assert(
    fc.property(objects, fc.nat(), (json, at) => {
      const end = new JsonObjectEnd()
      const cut = at % json.length
      end.push(json.slice(0, cut))
      expect(end.isReached).toBe(false)
      end.push(json.slice(cut))
      expect(end.isReached).toBe(true)
    }),
  )
})

test('brackets and quotes in strings end nothing', () => {
  const end = new JsonObjectEnd()
  for (const unit of '{"a\\"}":"]}\\\\"') end.push(unit)
  expect(end.isReached).toBe(false)
  end.push('}')
  expect(end.isReached).toBe(true)
})
