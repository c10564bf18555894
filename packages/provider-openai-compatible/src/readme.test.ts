import { toFetch } from '@dragoman/core'
import { chatStream, printedBy, readReadme, startFakeUpstream } from '@dragoman/testkit'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { openAICompatible, type Preset, presets } from './index.ts'

const readme = readReadme(new URL('../README.md', import.meta.url))

test('the example gives the output it says', async () => {
  await using upstream = await startFakeUpstream()
  upstream.always(chatStream({ text: 'Hello, world!' }))
  const { code = '', output } = readme.examples[0] ?? {}
  const here = code.replace("preset: 'groq'", `$&, baseUrl: '${upstream.origin}'`)
  expect(await printedBy(here, { openAICompatible, toFetch })).toBe(output)
})

test('the options are those of the schema', () => {
  const { properties = {} } = z.toJSONSchema(openAICompatible.options, { io: 'input' })
  const rows = Object.entries(properties).map(([name, property]) =>
    typeof property === 'boolean' ? [] : [`\`${name}\``, typeOf(name, property), property.description ?? ''],
  )
  expect(readme.table('## Options')).toEqual(rows)
})

test('the presets are those of the table', () => {
  expect(readme.table('## Presets')).toEqual(Object.entries(presets).map(presetRow))
})

test('every fixture is named', () => {
  expect(readme.unnamedFixtures(new URL('../fixtures/', import.meta.url))).toEqual([])
})

function typeOf(name: string, schema: z.core.JSONSchema.BaseSchema): string {
  if (name === 'preset') return 'one of the presets below'
  if (name === 'endpoints') return 'array of paths, such as `embeddings`'
  const { type, items, additionalProperties, anyOf } = schema
  if (schema.enum) return schema.enum.map((value) => `\`${value}\``).join(' | ')
  if (anyOf) return anyOf.map((each) => typeOf('', each)).join(' | ')
  if (type === 'array' && typeof items === 'object' && !Array.isArray(items)) {
    return items.enum ? `array of ${typeOf('', items)}` : 'array of strings'
  }
  if (type !== 'object') return String(type)
  return typeof additionalProperties === 'object' && additionalProperties.type ? 'strings by name' : 'values by name'
}

function presetRow([id, preset]: [string, Preset]): string[] {
  const { name, baseUrl = 'one per account', keyVariables, keysAt, defaultModel, note = '' } = preset
  const keys = keyVariables.map((variable) => `\`${variable}\``).join(', ')
  const key = keysAt ? `${keys} (${keysAt})` : 'none needed'
  return [`\`${id}\``, name, baseUrl, key, defaultModel ? `\`${defaultModel}\`` : '', note]
}
