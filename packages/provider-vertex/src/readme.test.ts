import { toFetch } from '@dragoman/core'
import { chatStream, printedBy, readReadme } from '@dragoman/testkit'
import OpenAI from 'openai'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { type VertexOptions, vertex } from './index.ts'
import { startVertex } from './test-vertex.ts'

const readme = readReadme(new URL('../README.md', import.meta.url))

test('the example gives the output it says', async () => {
  await using rig = await startVertex(chatStream({ reasoning: 'Simple.', text: 'It is 4.' }))
  const { origin } = rig.upstream
  const { code = '', output } = readme.examples[0] ?? {}
  const here = code.replace("location: 'global'", `$&, endpoint: '${origin}', tokenOrigins: ['${origin}']`)
  // Google's clock in the rig stands still.
  const onTime = { create: (options: VertexOptions) => vertex.create(options, { clock: rig.clock }) }
  const process = { env: { GOOGLE_APPLICATION_CREDENTIALS: rig.key } }
  expect(await printedBy(here, { vertex: onTime, toFetch, OpenAI, process })).toBe(output)
})

test('the options are those of the schema', () => {
  const { properties = {} } = z.toJSONSchema(vertex.options, { io: 'input' })
  const rows = Object.entries(properties).map(([name, property]) =>
    typeof property === 'boolean' ? [] : [`\`${name}\``, typeOf(property), property.description],
  )
  expect(readme.table('## Options')).toEqual(rows)
})

test('every fixture is named', () => {
  expect(readme.unnamedFixtures(new URL('../fixtures/', import.meta.url))).toEqual([])
})

function typeOf({ type, anyOf }: z.core.JSONSchema.BaseSchema): string {
  if (anyOf) return anyOf.map(typeOf).join(' | ')
  return type === 'array' ? 'array of strings' : type === 'object' ? 'strings by name' : String(type)
}
