import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { tally } from './count.mjs'

const file = (status: string, ...results: string[]) => ({
  name: join(process.cwd(), 'a.test.ts'),
  status,
  message: 'Cannot find module\nat ...',
  startTime: 1000,
  endTime: 2500,
  assertionResults: results.map((result, i) => ({ status: result, fullName: `test ${i}` })),
})
const report = (...files: ReturnType<typeof file>[]) => ({
  success: true,
  numPassedTests: files.flatMap((f) => f.assertionResults).filter(({ status }) => status === 'passed').length,
  testResults: files,
})

test('passed tests are counted', () => {
  expect(tally(report(file('passed', 'passed', 'passed')), 0)).toEqual({ passed: 2, failed: [] })
})

test.each(['failed', 'skipped', 'todo', 'pending'])('a %s test is a failure, by name', (status) => {
  expect(tally(report(file('passed', 'passed', status)), 0)).toEqual({
    passed: 1,
    failed: [`${status}: a.test.ts > test 1`],
  })
})

test('a file that cannot be loaded is a failure', () => {
  expect(tally(report(file('passed', 'passed'), file('failed')), 1)).toEqual({
    passed: 1,
    failed: ['not loaded: a.test.ts: Cannot find module'],
  })
})

test('an error outside of any test shows in the exit code only, and is a failure', () => {
  expect(tally(report(file('passed', 'passed')), 1).failed).toHaveLength(1)
})

test('a run without tests is a failure', () => {
  expect(tally(report(), 0).failed).toHaveLength(1)
})

function count(text: string | undefined, ...rest: string[]) {
  const dir = mkdtempSync(join(tmpdir(), 'count-'))
  try {
    const path = join(dir, 'vitest.json')
    if (text !== undefined) writeFileSync(path, text)
    const script = fileURLToPath(new URL('count.mjs', import.meta.url))
    const { stdout, status } = spawnSync(process.execPath, [script, path, ...rest], { encoding: 'utf8' })
    return { last: stdout.trimEnd().split('\n').at(-1), status, stdout }
  } finally {
    rmSync(dir, { recursive: true })
  }
}

test('the last line is the sum alone, and steps that failed are in it', () => {
  const text = JSON.stringify(report(file('passed', 'passed')))
  expect(count(text, '0')).toMatchObject({ last: '1 passed, 0 failed', status: 0 })
  expect(count(text, '0', 'lint', 'build')).toMatchObject({ last: '1 passed, 2 failed', status: 1 })
})

test('the slowest files are listed with their seconds', () => {
  expect(count(JSON.stringify(report(file('passed', 'passed'))), '0').stdout).toContain('1.5 s  a.test.ts')
})

test('a missing or cut report is a failure', () => {
  expect(count(undefined, '0')).toMatchObject({ last: '0 passed, 1 failed', status: 1 })
  expect(count('{"num', '0')).toMatchObject({ last: '0 passed, 1 failed', status: 1 })
})
