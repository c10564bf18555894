import type { ToolDefinition } from '../src/tool.ts'

const object = (properties: Record<string, unknown>, required: readonly string[] = []) => ({
  type: 'object',
  properties,
  required,
})

const tool = (name: string, properties: Record<string, unknown>, required?: readonly string[]): ToolDefinition => ({
  type: 'function',
  function: { name, parameters: object(properties, required) },
})

const string = { type: 'string' }
const integer = { type: 'integer' }

/** `city` is the first property, `days` the second: positional arguments are mapped in this order. */
export const weather = tool('get_weather', { city: string, days: integer }, ['city'])
export const clock = tool('get_time', {})
export const writer = tool('write_file', { path: string, content: string }, ['path', 'content'])
export const dotted = tool('files.read-all', { path: string })
export const booking = tool('book', {
  guests: { type: 'array', items: object({ name: string, age: integer }) },
  room: object({ floor: integer, view: { type: 'boolean' }, note: string }),
  tags: { type: 'array', items: string },
  price: { type: 'number' },
  breakfast: { type: 'boolean' },
  coupon: { type: ['string', 'null'] },
})
