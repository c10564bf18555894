import { relative } from 'node:path'
import type { TestCase, TestProject } from 'vitest/node'
import { missingPrograms } from '../packages/testkit/src/requires.ts'

/**
 * Names every test that was left out, after the run's own summary. With `CI` set a test that was left out is a failed
 * run: a machine that lacks a program must not look green, and neither must a forgotten `skip` or `todo`. (`only` is
 * refused by vitest itself where CI is set.)
 *
 * A global set-up and not a reporter, so that `--reporter` on the command line does not switch it off.
 */
export default function setup({ vitest }: TestProject): () => void {
  return () => {
    // Tests outside a name pattern were left out on purpose, by the person who waits for the result.
    if (vitest.config.testNamePattern) return
    const left = vitest.state.getTestModules().flatMap((module) => [...module.children.allTests('skipped')])
    if (left.length === 0) return

    const ci = Boolean(process.env.CI)
    const missing = missingPrograms()
    const lines = [
      `${left.length} ${left.length === 1 ? 'test was' : 'tests were'} skipped${ci ? ', and with CI set that is a failure' : ''}:`,
      ...left.map((test) => `  ${describe(test)}`),
      ...(missing.length > 0 ? [`Not on this machine: ${missing.join(', ')}.`] : []),
    ]
    process.stderr.write(`\n${lines.join('\n')}\n`)
    if (ci) process.exitCode = 1
  }
}

function describe(test: TestCase): string {
  const result = test.result()
  const reason = test.options.mode === 'todo' ? 'todo' : result.state === 'skipped' ? result.note : undefined
  return `${relative(process.cwd(), test.module.moduleId)} > ${test.fullName}${reason ? ` (${reason})` : ''}`
}
