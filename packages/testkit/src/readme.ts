import { readdirSync, readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { format } from 'node:util'

/** What a README says, for the tests that find out whether it is so. */
export interface Readme {
  /** Blocks of `ts`, each with the block under it, which says what it prints. */
  readonly examples: readonly { readonly code: string; readonly output: string }[]
  /** The rows of the first table behind a text, such as a heading: their cells, as a reader sees them. */
  table(after: string): string[][]
  /** The fixtures in a folder, by their stems, that are nowhere in it as `` `stem` ``, with `prefix` before the stem. */
  unnamedFixtures(folder: URL, prefix?: string): string[]
}

export function readReadme(file: URL): Readme {
  const text = readFileSync(file, 'utf8')
  return {
    examples: [...text.matchAll(/```ts\n((?:(?!```).)+?)```\n+```(?:text)?\n(.+?)```/gs)].map(
      ([, code = '', output = '']) => ({ code, output }),
    ),
    table(after) {
      const [, behind] = text.split(after, 2)
      const [, rows = ''] = /\n\|.+\n\|[-| ]+\|\n((?:\|.+\n)*)/.exec(behind ?? '') ?? []
      return rows.split('\n').slice(0, -1).map(cellsOf)
    },
    unnamedFixtures(folder, prefix = '') {
      const stems = new Set(readdirSync(folder).map((name) => name.slice(0, name.indexOf('.'))))
      return [...stems].filter((stem) => !text.includes(`\`${prefix}${stem}\``))
    },
  }
}

/**
 * What code prints to the console, line by line. Its imports are left out: `names` has what they would bring, and may
 * stand in for globals.
 */
export async function printedBy(code: string, names: Readonly<Record<string, unknown>>): Promise<string> {
  const body = stripTypeScriptTypes(code.replace(/^import .+\n/gm, ''))
  let printed = ''
  const log = (...values: unknown[]) => {
    printed += `${format(...values)}\n`
  }
  const known = { ...names, console: { log } }
  await new Function(...Object.keys(known), `return (async () => { ${body} })()`)(...Object.values(known))
  return printed
}

function cellsOf(row: string): string[] {
  const cells = row.split(/(?<!\\)\|/).slice(1, -1)
  return cells.map((cell) => cell.trim().replaceAll('\\|', '|'))
}
