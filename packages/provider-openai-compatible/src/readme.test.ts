import { readdirSync, readFileSync } from 'node:fs'
import { toFetch } from '@dragoman/core'
import { chatStream, startFakeUpstream } from '@dragoman/testkit'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { openAICompatible, type Preset, presets } from './index.ts'

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')

test('the example gives the output it says', async () => {
  const [, code = '', output = ''] = /```ts\n(.+?)```\n+```\n(.+?)```/s.exec(readme) ?? []
  await using upstream = await startFakeUpstream()
  upstream.always(chatStream({ text: 'Hello, world!' }))
  const body = code.replace(/^import .+\n/gm, '').replace("preset: 'groq'", `$&, baseUrl: '${upstream.origin}'`)
  const lines: unknown[] = []
  const run = new Function('openAICompatible', 'toFetch', 'console', `return (async () => { ${body} })()`)
  await run(openAICompatible, toFetch, { log: (line: unknown) => lines.push(line) })
  expect(`${lines.join('\n')}\n`).toBe(output)
})

test('the options are those of the schema', () => {
  const { properties = {} } = z.toJSONSchema(openAICompatible.options, { io: 'input' })
  const rows = Object.entries(properties).map(([name, property]) =>
    typeof property === 'boolean' ? '' : row(`\`${name}\``, typeOf(name, property), property.description ?? ''),
  )
  expect(tableUnder('## Options')).toBe(rows.join('\n'))
})

test('the presets are those of the table', () => {
  expect(tableUnder('## Presets')).toBe(Object.entries(presets).map(presetRow).join('\n'))
})

test('every fixture is named', () => {
  const stems = readdirSync(new URL('../fixtures/', import.meta.url)).map((file) => file.split('.')[0])
  const unnamed = [...new Set(stems)].filter((stem) => !readme.includes(`\`${stem}\``))
  expect(unnamed).toEqual([])
})

/** The rows of the first table under a heading, without its head and without the formatter's padding. */
function tableUnder(heading: string): string {
  const section = readme.split(`${heading}\n`)[1]?.split('\n## ')[0] ?? ''
  return section
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .slice(2)
    .map((line) => line.replace(/ +/g, ' '))
    .join('\n')
}

function row(...cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`.replace(/ +/g, ' ')
}

function typeOf(name: string, schema: z.core.JSONSchema.BaseSchema): string {
  if (name === 'preset') return 'one of the presets below'
  const { type, items, additionalProperties, anyOf } = schema
  if (schema.enum) return schema.enum.map((value) => `\`${value}\``).join(' | ')
  if (anyOf) return anyOf.map((each) => typeOf('', each)).join(' | ')
  if (type === 'array' && typeof items === 'object' && !Array.isArray(items)) {
    return items.enum ? `array of ${typeOf('', items)}` : 'array of strings'
  }
  if (type !== 'object') return String(type)
  return typeof additionalProperties === 'object' && additionalProperties.type ? 'strings by name' : 'values by name'
}

function presetRow([id, preset]: [string, Preset]): string {
  const { name, baseUrl = 'one per account', keyVariables, keysAt, defaultModel, note = '' } = preset
  const keys = keyVariables.map((variable) => `\`${variable}\``).join(', ')
  const key = keysAt ? `${keys} (${keysAt})` : 'none needed'
  return row(`\`${id}\``, name, baseUrl, key, defaultModel ? `\`${defaultModel}\`` : '', note)
}
