import { describe, expect, test } from 'vitest'
import { type ToolDefinition, ToolSet } from './tool.ts'
import { isCounter, mendToolName, toolNameByArguments } from './tool-names.ts'

function toolSet(...tools: (string | [name: string, parameters: unknown])[]): ToolSet {
  const declared = tools.map((tool): ToolDefinition => {
    const [name, parameters] = typeof tool === 'string' ? [tool, undefined] : tool
    return { type: 'function', function: { name, parameters } }
  })
  return new ToolSet(declared)
}

function object(properties: Record<string, unknown>, required: readonly string[] = []): unknown {
  return { type: 'object', properties, required }
}

describe('a written name', () => {
  test.each([
    ['get_weather', 'get_weather'],
    [' get_weather\n', 'get_weather'],
    ['functions.get_weather', 'get_weather'],
    ['Get-Weather', 'get_weather'],
    ['functions.GET.WEATHER', 'get_weather'],
    ['files.read', 'files.read'],
    ['functions.files.read', 'files.read'],
    ['files_read', 'files.read'],
    ['functions.get', 'functions.get'],
    ['get_wether', undefined],
    ['weather', undefined],
    ['', undefined],
  ])('%j is meant for %j', (written, meant) => {
    expect(mendToolName(written, toolSet('get_weather', 'files.read', 'functions.get'))).toBe(meant)
  })

  test('that could be folded into two tools is not mended', () => {
    const tools = toolSet('read_file', 'read-file')
    expect(mendToolName('READ.FILE', tools)).toBeUndefined()
    expect(mendToolName('read-file', tools)).toBe('read-file')
  })

  test('of an object property is no tool', () => {
    expect(mendToolName('__proto__', toolSet('a'))).toBeUndefined()
    expect(mendToolName('constructor', toolSet('__proto__'))).toBeUndefined()
    expect(mendToolName('__PROTO__', toolSet('__proto__'))).toBe('__proto__')
  })

  test.each([
    ['15', true],
    ['call_15', true],
    ['call3', true],
    ['functions.2', true],
    ['15a', false],
    ['recall_1', false],
    ['step_1', false],
    ['', false],
  ])('%j is a counter: %s', (name, expected) => {
    expect(isCounter(name)).toBe(expected)
  })
})

describe('a name by the arguments', () => {
  const tools = toolSet(
    ['get_weather', object({ city: { type: 'string' } }, ['city'])],
    ['move', object({ x: { type: 'integer' }, y: { type: 'integer' } }, ['x', 'y'])],
    ['get_time', object({})],
  )

  test.each([
    ['{"city":"Oslo"}', 'get_weather'],
    ['{"x":1,"y":2}', 'move'],
    ['{}', 'get_time'],
    ['{"x":1}', undefined],
    ['{"city":"Oslo","days":2}', undefined],
    ['{"city":3}', undefined],
    ['["city"]', undefined],
    ['{"city":"Os', undefined],
    ['{"__proto__":1}', undefined],
  ])('%s fits %j', (text, name) => {
    expect(toolNameByArguments(text, tools)).toBe(name)
  })

  test('that fit two tools fit none', () => {
    const twins = toolSet(['a', object({ q: {} })], ['b', object({ q: {} })])
    expect(toolNameByArguments('{"q":1}', twins)).toBeUndefined()
  })

  test('count the first of tools with equal names only', () => {
    const twins = toolSet(['a', object({ q: {} })], ['a', object({ q: {} })])
    expect(toolNameByArguments('{"q":1}', twins)).toBe('a')
  })

  test('survive schemas that are none', () => {
    const odd = toolSet(['a', 'object'], ['b', { properties: null, required: 3 }], ['c', object({ q: null })])
    expect(toolNameByArguments('{"q":1}', odd)).toBe('c')
  })
})
