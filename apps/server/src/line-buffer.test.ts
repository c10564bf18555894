import { expect, onTestFinished, test, vi } from 'vitest'
import { LineBuffer } from './line-buffer.ts'

function collecting(options: { size: number; afterMs: number }) {
  vi.useFakeTimers()
  onTestFinished(() => {
    vi.useRealTimers()
  })
  const written: string[] = []
  const lines = new LineBuffer({ write: (text) => written.push(text) }, options)
  return { lines, written }
}

test('lines go on together once they are long enough', () => {
  const { lines, written } = collecting({ size: 10, afterMs: 100 })
  lines.write('one\n')
  lines.write('two\n')
  expect(written).toEqual([])
  lines.write('three\n')
  expect(written).toEqual(['one\ntwo\nthree\n'])
  vi.advanceTimersByTime(1_000)
  expect(written).toHaveLength(1)
})

test('a line waits for others no longer than it was said', () => {
  const { lines, written } = collecting({ size: 1_000, afterMs: 100 })
  lines.write('one\n')
  vi.advanceTimersByTime(60)
  lines.write('two\n')
  vi.advanceTimersByTime(39)
  expect(written).toEqual([])
  vi.advanceTimersByTime(1)
  expect(written).toEqual(['one\ntwo\n'])
})

test('flush hands on what is there, and nothing twice', () => {
  const { lines, written } = collecting({ size: 1_000, afterMs: 100 })
  lines.flush()
  lines.write('one\n')
  lines.flush()
  lines.flush()
  vi.advanceTimersByTime(1_000)
  expect(written).toEqual(['one\n'])
})
