import { closeSync, openSync } from 'node:fs'

export interface HangUpOptions {
  /** Whether the process was started at a terminal. */
  readonly isAtTerminal: boolean
  readonly platform?: NodeJS.Platform
  /** Whether that terminal is still there. */
  readonly hasTerminal?: () => boolean
}

/**
 * What SIGHUP means: by custom it asks a server to read its configuration anew; but the system sends it also when a
 * terminal is closed, and what was started there is to end with it. On Windows it means only that.
 */
export function meaningOfHangUp(options: HangUpOptions): 'reload' | 'stop' {
  const { isAtTerminal, platform = process.platform, hasTerminal = terminalIsThere } = options
  if (platform === 'win32') return 'stop'
  return isAtTerminal && !hasTerminal() ? 'stop' : 'reload'
}

function terminalIsThere(): boolean {
  try {
    closeSync(openSync('/dev/tty', 'r'))
    return true
  } catch {
    return false
  }
}
