import { expect, test } from 'vitest'
import { readAnswer } from '../answer.ts'
import type { MarkupParserOptions } from '../markup-machine.ts'
import type { ToolDefinition } from '../tool.ts'
import { minimaxM3 as format } from './minimax-m3.ts'

/** `~` stands for the separator before a tag. */
const expand = (text: string) => text.replaceAll('~', ']<]minimax[>[')

const place = { type: 'object', properties: { lat: { type: 'number' }, tags: { type: 'array' } } }
const tool: ToolDefinition = {
  type: 'function',
  function: {
    name: 'f',
    parameters: {
      type: 'object',
      properties: {
        place: { $ref: '#/$defs/place' },
        places: { type: 'array', items: { $ref: '#/$defs/place' } },
        maybe: { anyOf: [{ type: 'array', items: { type: 'integer' } }, { type: 'null' }] },
        text: { type: 'string' },
        box: { type: 'object', properties: { item: { type: 'array', items: { type: 'integer' } } } },
        grid: { type: 'array', items: { type: 'array', items: { type: 'integer' } } },
      },
      $defs: { place },
    },
  },
}

function argumentsOf(elements: string, options: Partial<MarkupParserOptions> = {}) {
  const text = expand(`~<invoke name="f">${elements}~</invoke>`)
  const whole = readAnswer({ format, tools: [tool], ...options }, [text])
  expect(readAnswer({ format, tools: [tool], ...options }, text.split(''))).toEqual(whole)
  expect(whole.content).toBe('')
  return whole.calls[0]?.arguments
}

test.each([
  ['members behind a reference', '~<place>~<lat>1.50~</lat>~</place>', '{"place":{"lat":1.50}}'],
  ['an item that needs no tag of its own', '~<places>~<lat>1~</lat>~</places>', '{"places":[{"lat":1}]}'],
  ['repeated elements as items', '~<places>~<lat>1~</lat>~</places>~<places>~</places>', '{"places":[{"lat":1},{}]}'],
  ['a list that may be null', '~<maybe>~<item>1~</item>~</maybe>', '{"maybe":[1]}'],
  ['null in its place', '~<maybe>null~</maybe>', '{"maybe":null}'],
  ['one element for a list', '~<maybe>7~</maybe>', '{"maybe":[7]}'],
  ['a member that is called item', '~<box>~<item>1~</item>~<item>2~</item>~</box>', '{"box":{"item":[1,2]}}'],
  ['lists in lists', '~<grid>~<item>~<item>1~</item>~</item>~<item>2~</item>~</grid>', '{"grid":[[1],[2]]}'],
  ['tags in a string', '~<text>a ~<b>c~</b>~</text>', '{"text":"a ~<b>c~</b>"}'],
  ['text beside children', '~<place>about ~<lat>1~</lat>~</place>', '{"place":"about ~<lat>1~</lat>"}'],
  ['a closer that nothing opened', '~<text>a~</b>~</text>', '{"text":"a~</b>"}'],
  ['closers that are missing', '~<place>~<lat>1~</place>~<text>a', '{"place":{"lat":1},"text":"a"}'],
  [
    'names from the prototype',
    '~<__proto__>1~</__proto__>~<toString>2~</toString>',
    '{"__proto__":"1","toString":"2"}',
  ],
])('%s', (_, elements, expected) => {
  expect(argumentsOf(elements)).toBe(expand(expected))
})

test('an element beyond the bound is a string, markup and all', () => {
  const inner = `~<item>${'x'.repeat(90)}~</item> "q"`
  const text = JSON.stringify(expand(inner))
  expect(argumentsOf(`~<places>${inner}~</places>~<text>a~</text>`, { maxHeld: 100 })).toBe(
    `{"places":${text},"text":"a"}`,
  )
  expect(argumentsOf(`~<text>a~</text>~<text>${'y'.repeat(101)}~</text>`, { maxHeld: 100 })).toBe(
    `{"text":["a","${'y'.repeat(101)}"]}`,
  )
})

test('elements that are too deep are a string', () => {
  expect(argumentsOf('~<place>~<a>~<b>~<c>1~</c>~</b>~</a>~</place>', { maxDepth: 2 })).toBe(
    expand('{"place":"~<a>~<b>~<c>1~</c>~</b>~</a>"}'),
  )
})
