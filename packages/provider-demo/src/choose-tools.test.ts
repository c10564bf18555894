import type { ChatCompletionRequest, Tool } from '@dragoman/openai-schema'
import { expect, test } from 'vitest'
import { chooseTools } from './choose-tools.ts'
import { readOffer } from './offer.ts'

function tool(name: string, description = '', ...properties: string[]): Tool {
  const parameters = { type: 'object', properties: Object.fromEntries(properties.map((key) => [key, {}])) }
  return { type: 'function', function: { name, description, parameters } }
}

const tools = [
  tool('get_weather', 'Returns the current weather of a city', 'city'),
  tool('get_weather_forecast', 'Returns the weather of the next days', 'city', 'days'),
  tool('getTime', 'Returns the time in a zone', 'zone'),
  tool('calculator', 'Evaluates arithmetic', 'expression'),
  tool('add', 'Adds numbers', 'a', 'b'),
  tool('book_flight', 'Books a seat on a plane', 'origin', 'destination'),
  tool('查询库存', '查询商品的库存数量', 'sku'),
]

function chosen(text: string, more: Partial<ChatCompletionRequest> = {}): string[] {
  return chooseTools(readOffer({ model: 'demo', messages: [], tools, ...more }), text).map(({ name }) => name)
}

test.each([
  ['What is the weather in Paris?', ['get_weather']],
  ['Weather and time in Paris, please', ['get_weather', 'getTime']],
  ['Call get_weather_forecast', ['get_weather_forecast']],
  ['the forecast for tomorrow', ['get_weather_forecast']],
  ['Please calculate this', ['calculator']],
  ['add 1 and 2', ['add']],
  ['my address is 5 Main Street', []],
  ['a seat on the next plane to Rome', ['book_flight']],
  ['商品库存还有多少？', ['查询库存']],
  ['Hello, who are you?', []],
  ['', []],
])('%s', (text, names) => {
  expect(chosen(text)).toEqual(names)
})

test('none means none', () => {
  expect(chosen('weather', { tool_choice: 'none' })).toEqual([])
})

test('where a call is required the first tool stands in for one that fits', () => {
  expect(chosen('Hello', { tool_choice: 'required' })).toEqual(['get_weather'])
  expect(chosen('Hello', { tool_choice: 'any' })).toEqual(['get_weather'])
  expect(chosen('the time, please', { tool_choice: 'required' })).toEqual(['getTime'])
})

test('a named tool is called alone, whatever the text', () => {
  const tool_choice = { type: 'function' as const, function: { name: 'add' } }
  expect(chosen('weather and time', { tool_choice })).toEqual(['add'])
})

test('only allowed tools are called', () => {
  const allowed = (mode: string) => ({
    type: 'allowed_tools' as const,
    allowed_tools: { mode, tools: [{ type: 'function', function: { name: 'getTime' } }] },
  })
  expect(chosen('weather and time', { tool_choice: allowed('auto') })).toEqual(['getTime'])
  expect(chosen('weather', { tool_choice: allowed('auto') })).toEqual([])
  expect(chosen('weather', { tool_choice: allowed('required') })).toEqual(['getTime'])
})

test('a service’s own tools are not called', () => {
  expect(chosen('search the web', { tools: [{ type: 'web_search' }], tool_choice: 'required' })).toEqual([])
})

test('functions of the older form are chosen by the older fields', () => {
  const functions = [{ name: 'first' }, { name: 'second' }]
  const more = { tools: undefined, functions }
  expect(chosen('second', more)).toEqual(['second'])
  expect(chosen('second', { ...more, function_call: 'none' })).toEqual([])
  expect(chosen('second', { ...more, function_call: { name: 'first' } })).toEqual(['first'])
})

test('as many tools as a body can hold are no error', () => {
  const many = Array.from({ length: 200_000 }, (_, i) => tool(`q${i}`))
  expect(chosen('Hello', { tools: many })).toEqual([])
})
