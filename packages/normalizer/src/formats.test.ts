import { describe, expect, test } from 'vitest'
import { casesByFormat } from '../cases/by-format.ts'
import { formatByName, formatNames } from './format-by-name.ts'
import { formatSuite } from './test-format-suite.ts'

test('every format has cases', () => {
  expect(Object.keys(casesByFormat).sort()).toEqual([...formatNames].sort())
})

describe.each(Object.entries(casesByFormat))('%s', (name, cases) => {
  const format = formatByName(name)
  if (!format) throw new Error(`there is no format ${name}`)
  formatSuite(format, cases)
})
