import { everyTextCut } from '@dragoman/testkit'
import { expect, test } from 'vitest'
import { StopTexts } from './stop-texts.ts'

function read(stop: string | string[], pieces: readonly string[]): string {
  const stops = new StopTexts({ stop })
  let text = ''
  for (const piece of pieces) {
    const got = stops.push(piece)
    text += got.text
    if (got.isStopped) return `${text}|`
  }
  return text + stops.end()
}

test.each([
  ['END', 'One. EN END two.', 'One. EN |'],
  [['\n\n', 'two'], 'One.\ntwo\n\n', 'One.\n|'],
  ['END', 'One. EN', 'One. EN'],
  [['', 'x'], 'One.', 'One.'],
])('a stop of %j ends %j', (stop, text, expected) => {
  for (const pieces of [[text], [...text], ...everyTextCut(text)]) expect(read(stop, pieces)).toBe(expected)
})
