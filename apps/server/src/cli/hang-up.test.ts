import { expect, test } from 'vitest'
import { meaningOfHangUp } from './hang-up.ts'

test.each([
  { isAtTerminal: false, platform: 'linux', isThere: false, meaning: 'reload' },
  { isAtTerminal: true, platform: 'linux', isThere: true, meaning: 'reload' },
  { isAtTerminal: true, platform: 'darwin', isThere: false, meaning: 'stop' },
  { isAtTerminal: false, platform: 'win32', isThere: true, meaning: 'stop' },
] as const)('at a terminal: $isAtTerminal, which is there: $isThere, on $platform: $meaning', (each) => {
  const { isAtTerminal, platform, isThere, meaning } = each
  expect(meaningOfHangUp({ isAtTerminal, platform, hasTerminal: () => isThere })).toBe(meaning)
})
