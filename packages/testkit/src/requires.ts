import { accessSync, constants, readdirSync, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'

const PROGRAMS = {
  chromium: ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'Google Chrome', 'chrome.exe'],
  postgres: ['postgres', 'postgres.exe'],
  redis: ['redis-server'],
} as const

export type Program = keyof typeof PROGRAMS

/** `path` is the executable's; it is there exactly when `skip` is false. */
export type Requirement =
  | { readonly skip: false; readonly path: string }
  | { readonly skip: true; readonly path?: undefined }

/**
 * Says whether a program that tests start themselves is on this machine, and where.
 *
 * To be used with `skipIf`, so that the end of the run can name what was left out (tools/test-skips.ts):
 *
 *     const chromium = requires('chromium')
 *     test.skipIf(chromium.skip)('the page loads', ...)
 *
 * Looks into PATH, then where installers put the program outside of it. Does not throw.
 */
export function requires(program: Program): Requirement {
  for (const folder of [...(process.env.PATH ?? '').split(delimiter).filter(Boolean), ...outsidePath(program)]) {
    for (const name of PROGRAMS[program]) {
      const path = join(folder, name)
      if (isProgram(path)) return { skip: false, path }
    }
  }
  return { skip: true }
}

/** The programs that are not on this machine. */
export function missingPrograms(): readonly Program[] {
  return (Object.keys(PROGRAMS) as Program[]).filter((program) => requires(program).skip)
}

function outsidePath(program: Program): readonly string[] {
  if (program === 'chromium' && process.platform === 'darwin') {
    return ['/Applications/Google Chrome.app/Contents/MacOS']
  }
  if (program === 'chromium' && process.platform === 'win32') {
    const roots = [process.env.ProgramFiles, process.env['ProgramFiles(x86)'], process.env.LOCALAPPDATA]
    return roots.flatMap((root) => (root ? [join(root, 'Google', 'Chrome', 'Application')] : []))
  }
  if (program === 'postgres' && process.platform === 'linux') {
    // Debian keeps the servers of all versions side by side and off PATH; the newest is taken.
    const versions = namesIn('/usr/lib/postgresql').sort((a, b) => Number(b) - Number(a))
    return versions.map((version) => `/usr/lib/postgresql/${version}/bin`)
  }
  return []
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return [] // no such folder: nothing is installed in this place
  }
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false // not there, or not ours to run
  }
}
