// For tests only: what the cases of every format go through.

import { expect, test } from 'vitest'
import { type Answer, addEvents, emptyAnswer, numberedIds, readAnswer } from './answer.ts'
import type { MarkupFormat } from './markup-format.ts'
import { notBeginningOf } from './markup-laws.ts'
import { createMarkupParser, type MarkupParserOptions } from './markup-machine.ts'
import { type PlainOptions, parserOptions } from './plain-options.ts'
import type { Case } from './test-case.ts'
import { everyCut, seededPieces } from './text-cuts.ts'

/** Each case whole, at every single cut, one character at a time, and in 20 seeded partitions: always the same answer. */
export function formatSuite(format: MarkupFormat, cases: readonly Case[]): void {
  test.each(cases.map((entry) => [entry.what, entry] as const))('%s', (_, entry) => {
    const options = optionsOf(format, entry)
    const { text, how = 'stop' } = entry
    const whole = readAnswer(options, [text], how)
    expect(whole, entry.from).toEqual(expectedAnswer(entry, whole))
    expectSame(whole, readAnswer(options, text.split(''), how), 'one character at a time')
    for (const pieces of everyCut(text)) expectAtCut(options, pieces, entry, whole)
    for (let seed = 1; seed <= 20; seed++) {
      expectSame(whole, readAnswer(options, seededPieces(text, seed), how), `pieces of seed ${seed}`)
    }
  })

  // Which family `auto` has locked is forgotten by then.
  const isLocked = ({ calls }: Case) => format.name === 'auto' && calls !== undefined
  const texts = cases.filter((entry) => entry.content !== undefined && !entry.options && !isLocked(entry))
  test.skipIf(texts.length === 0)('content that was produced is content when it is read again', () => {
    for (const { what, content = '', tools } of texts) {
      const again = readAnswer({ format, tools }, [content])
      expect(again, what).toEqual({ content, reasoning: '', calls: [] })
    }
  })
}

export function optionsOf(format: MarkupFormat, entry: Case): MarkupParserOptions {
  return parserOptions(plainOptionsOf(format, entry))
}

export function plainOptionsOf(format: MarkupFormat, { startsIn, tools, options }: Case): PlainOptions {
  return { format, startsIn, tools, ...options }
}

/** What the case says, with the ids that the parser made where the case names none. */
function expectedAnswer({ content = '', reasoning = '', calls = [] }: Case, answer: Answer): Answer {
  return {
    content,
    reasoning,
    calls: calls.map(({ name, id, arguments: text, state = 'complete' }, index) => ({
      name,
      id: id ?? generatedIdOf(answer, index),
      arguments: text,
      state,
    })),
  }
}

/** Numbered by the suite, or in the family's own form with the name of the call in it. */
function generatedIdOf({ calls }: Answer, index: number): string {
  const call = calls[index]
  const isGenerated = call && (/^new-\d+$/.test(call.id) || call.id.startsWith(`functions.${call.name}:`))
  return isGenerated ? call.id : 'a generated id'
}

/** Also before the end: what came out of the first piece must not depend on the second. */
function expectAtCut(options: MarkupParserOptions, pieces: readonly string[], entry: Case, whole: Answer): void {
  const parser = createMarkupParser(numberedIds(options))
  const answer = emptyAnswer()
  for (const piece of pieces) {
    addEvents(answer, parser.push(piece))
    const problem = notBeginningOf(answer, whole)
    if (problem !== undefined) expect.fail(`taken back after ${JSON.stringify(pieces[0])}: ${problem}`)
  }
  addEvents(answer, parser.end(entry.how ?? 'stop'))
  expectSame(whole, answer, `cut behind ${JSON.stringify(pieces[0]?.slice(-40))}`)
}

/** vitest's own comparison takes longer than the parser, and there are thousands of cuts. */
function expectSame(expected: Answer, answer: Answer, how: string): void {
  if (JSON.stringify(answer) !== JSON.stringify(expected)) expect(answer, how).toEqual(expected)
}
