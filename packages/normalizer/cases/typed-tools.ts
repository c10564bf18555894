import type { ToolDefinition } from '../src/tool.ts'

export const lookup: ToolDefinition = {
  type: 'function',
  function: {
    name: 'lookup',
    parameters: {
      type: 'object',
      properties: { term: { type: 'string' } },
      required: ['term'],
      additionalProperties: false,
    },
  },
}

/** A parameter of each type, and some that allow several. */
export const typed: ToolDefinition = {
  type: 'function',
  function: {
    name: 'set',
    parameters: {
      type: 'object',
      properties: {
        text: { type: 'string' },
        count: { type: 'integer' },
        ratio: { type: 'number' },
        on: { type: 'boolean' },
        list: { type: 'array', items: { type: 'string' } },
        map: { type: 'object' },
        note: { type: ['string', 'null'] },
        limit: { anyOf: [{ type: 'integer' }, { type: 'null' }] },
        size: { oneOf: [{ type: 'number' }, { type: 'string' }] },
        level: { enum: ['1', '2'] },
        place: { $ref: '#/$defs/place' },
      },
      $defs: { place: { type: 'object', properties: { lat: { type: 'number' } } } },
    },
  },
}
