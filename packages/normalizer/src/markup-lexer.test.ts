import { expect, test } from 'vitest'
import { accept, Cursor, markerSet, readName, skipSpace, type Waiting } from './markup-lexer.ts'

const find = (text: string, ...markers: readonly string[]) => {
  const set = markerSet(...markers)
  return set.find(text, 0) ? { index: set.index, text: set.text, value: set.value, isOpen: set.isOpen } : undefined
}

test('the first marker is found, whatever characters it has', () => {
  expect(find('a (x) [b] <|c|>', '<|c|>', '[b]', '(y)')).toEqual({ index: 6, text: '[b]', value: '[b]', isOpen: false })
  for (const marker of ['a.b', '$', '^', '(*)', '\\n', '{+}', 'a|b', '｜▁', '/']) {
    expect(find(`x${marker}y`, marker)).toMatchObject({ index: 1, value: marker })
    expect(find('xyz', marker)).toBeUndefined()
  }
})

test('the beginning of a marker counts at the end of the text only', () => {
  expect(find('a <|to', '<|tool|>')).toEqual({ index: 2, text: '<|to', value: undefined, isOpen: true })
  expect(find('a <|to b', '<|tool|>')).toBeUndefined()
  expect(find('<<|<|t', '<|tool|>')).toMatchObject({ index: 3, text: '<|t' })
})

test('of two markers that begin alike the longer one is found, once enough text came', () => {
  expect(find('x[', '[', '[CALLS]')).toEqual({ index: 1, text: '[', value: '[', isOpen: true })
  expect(find('x[CAL', '[', '[CALLS]')).toEqual({ index: 1, text: '[CAL', value: undefined, isOpen: true })
  expect(find('x[CALLS]', '[', '[CALLS]')).toMatchObject({ value: '[CALLS]', isOpen: false })
  expect(find('x[CARS]', '[', '[CALLS]')).toMatchObject({ value: '[', isOpen: false })
})

test('no markers are found nowhere', () => {
  expect(find('', 'a')).toBeUndefined()
  expect(markerSet().find('anything', 0)).toBe(false)
})

test('readers get the same wherever the text is cut', () => {
  const text = ' \n get_weather <|sep|> x'
  const read = function* (cursor: Cursor): Waiting<string[]> {
    const first = yield* skipSpace(cursor)
    const name = yield* readName(cursor)
    yield* skipSpace(cursor)
    return [first, name, (yield* accept(cursor, markerSet('<|sep|>'))) ?? '']
  }
  for (let cut = 0; cut <= text.length; cut++) {
    const cursor = new Cursor(100)
    const reading = read(cursor)
    let step: IteratorResult<undefined, string[]> | undefined
    for (const piece of [text.slice(0, cut), text.slice(cut)]) {
      if (step?.done) break
      cursor.feed(piece)
      step = reading.next()
    }
    cursor.finish()
    if (!step?.done) step = reading.next()
    expect(step.value).toEqual(['g', 'get_weather', '<|sep|>'])
  }
})

test('what is held is given back, over several chunks', () => {
  const cursor = new Cursor(100)
  cursor.feed('abc')
  cursor.at = 1
  cursor.hold()
  cursor.at = 3
  cursor.feed('def')
  cursor.at = 2
  expect(cursor.release()).toBe('bcde')
  expect(cursor.text.slice(cursor.at)).toBe('f')

  cursor.hold()
  cursor.at = 3
  cursor.feed('ghi')
  cursor.at = 1
  cursor.rewind()
  expect(cursor.text.slice(cursor.at)).toBe('fghi')
})

test('while text is held, no more than the bound is seen, and all of it afterwards', () => {
  const cursor = new Cursor(4)
  cursor.feed('abcdefgh')
  cursor.at = 1
  expect(cursor.isOver).toBe(false)
  cursor.hold()
  expect(cursor.text).toBe('abcde')
  expect(cursor.isOver).toBe(true)
  expect(cursor.hasEnded).toBe(false)
  cursor.at = 5
  expect(cursor.release()).toBe('bcde')
  expect(cursor.text.slice(cursor.at)).toBe('fgh')
  expect(cursor.isOver).toBe(false)
})
