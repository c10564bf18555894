import { expect, test } from 'vitest'
import { describe } from './describe.ts'
import { environmentTable } from './environment.ts'
import { fakeFactories } from './fake-factories.ts'
import type { JsonSchema } from './json-schema.ts'

const factories = await Promise.all(Object.values(fakeFactories).map((load) => load()))
const { schema, page } = describe(factories)

/** Every key of every map in a schema, by path. */
function keysOf(node: JsonSchema, path: string): [string, JsonSchema][] {
  const inside = Object.entries(node.properties ?? {}).flatMap(([name, inner]): [string, JsonSchema][] => {
    return [[`${path}.${name}`, inner], ...keysOf(inner, `${path}.${name}`)]
  })
  const { items, additionalProperties, anyOf = [], oneOf = [] } = node
  const others = [items, additionalProperties, ...anyOf, ...oneOf].filter((inner) => typeof inner === 'object')
  return [...inside, ...others.flatMap((inner) => keysOf(inner, path))]
}

const keys = keysOf(schema, '')

test('the schema says that it is draft 2020-12, and knows every key of the file', () => {
  expect(schema).toMatchObject({ $schema: 'https://json-schema.org/draft/2020-12/schema', type: 'object' })
  const names = keys.map(([path]) => path)
  for (const name of [
    '.server.corsOrigins',
    '.clients.keys.key',
    '.clients.onNetwork',
    '.providers.credentials.apiKey',
    '.providers.credentials.password',
    '.providers.limits.idleMs',
    '.providers.proxy.no',
    '.models.deployments.provider',
    '.defaultModel',
    '.limits.maxBodiesBytes',
    '.log.access',
  ]) {
    expect(names).toContain(name)
  }
})

test('every key is described', () => {
  const silent = keys.filter(([, { description }]) => !description?.endsWith('.')).map(([path]) => path)
  expect(silent).toEqual([])
})

test('nothing is demanded that has a default', () => {
  expect(schema.required).toBeUndefined()
  expect(schema.properties?.server).toMatchObject({ properties: { host: { default: '127.0.0.1' } } })
  expect(schema.properties?.models?.items?.required).toEqual(['name', 'deployments'])
})

test('unknown keys are mistakes to an editor too, in deployments as well', () => {
  const deployment = schema.properties?.models?.items?.properties?.deployments?.items
  expect(deployment?.additionalProperties).toBe(false)
  expect(Object.keys(deployment?.properties ?? {})).toEqual(
    expect.arrayContaining(['provider', 'model', 'limits', 'preset', 'stream', 'region']),
  )
  expect(Object.keys(deployment?.properties ?? {})).not.toContain('credentials')
  expect(schema.additionalProperties).toBe(false)
})

test('a reference to a variable is right wherever a number, a switch or a choice is', () => {
  const { port } = schema.properties?.server?.properties ?? {}
  expect(port).toEqual({
    description: 'Its port; 0 takes any free one.',
    default: 8787,
    anyOf: [
      { type: 'integer', minimum: 0, maximum: 65535 },
      { type: 'string', pattern: '\\$\\{.+\\}' },
    ],
  })
  expect(schema.properties?.log?.properties?.level?.anyOf).toHaveLength(2)
  expect(schema.properties?.clients?.anyOf?.[0]).toMatchObject({ const: 'open' })
})

test('the page has a row for every key and every variable', () => {
  for (const name of ['server.port', 'clients.keys[].name', 'providers.<id>.stream', 'models[].deployments[].model']) {
    expect(page).toContain(`| \`${name}\` |`)
  }
  for (const { name, note = '' } of environmentTable) {
    const row = page.split('\n').find((line) => line.startsWith(`| \`${name}\` |`))
    expect(row).toContain(note)
  }
  expect(page).toContain(
    '| `server.port` | a whole number from 0 to 65535 | `8787` | Its port; 0 takes any free one. |',
  )
  expect(page).toContain('### type: `account`')
  expect(page).toContain('| `providers.<id>.credentials[].password` | a string | required | Of the account. |')
})

test('what every provider may have stands in one order, also where a type has an option of that name', () => {
  const [shared = ''] = page.split('### type:')
  const order = ['enabled', 'pool', 'limits', 'proxy'].map((name) => shared.indexOf(`| \`providers.<id>.${name}`))
  expect(order).not.toContain(-1)
  expect(order).toEqual(order.toSorted((a, b) => a - b))
})

test('the same types give the same text', () => {
  expect(describe(factories)).toEqual({ schema, page })
})
