import { expect, test } from 'vitest'
import { AnswerDocument } from './answer-document.ts'

const opened = '<details type="reasoning" done="false">\n<summary>Thinking...</summary>\n> The user'
const block =
  '<details type="reasoning" done="true" duration="1">\n<summary>Thought</summary>\n> The user wants 4.\n</details>\n'

function thinking(): AnswerDocument {
  const document = new AnswerDocument()
  document.addReasoning(opened)
  document.addReasoning(' wants 4.')
  return document
}

test('thinking that comes again with the answer is not given twice', () => {
  const document = thinking()
  expect(document.patch(`${block}It`, 0)).toEqual({ reasoning: '', answer: 'It' })
  expect(document.addAnswer(' is 4.')).toEqual({ reasoning: '', answer: ' is 4.' })
})

test('thinking that comes with the answer only is given then', () => {
  expect(new AnswerDocument().patch(`${block}It`, 0)).toEqual({ reasoning: 'The user wants 4.', answer: 'It' })
})

test('a patch gives its new end', () => {
  const document = thinking()
  document.patch(`${block}It is`, 0)
  expect(document.patch('It is 4.', block.length)).toEqual({ reasoning: '', answer: ' 4.' })
  expect(document.patch(' Yes.', block.length + 'It is 4.'.length)).toEqual({ reasoning: '', answer: ' Yes.' })
})

test('what the client has is not taken back, and what follows is given', () => {
  const document = thinking()
  document.patch(`${block}It is 5`, 0)
  expect(document.patch('Four', block.length).answer).toBe('')
  expect(document.addAnswer(', surely.').answer).toBe(', surely.')
})

test('details of the model itself are text', () => {
  const own = 'See:\n<details>\n<summary>More</summary>\nYes\n</details>\nDone'
  expect(new AnswerDocument().patch(`${block}${own}`, 0).answer).toBe(own)
})

test('a second block of thinking is reasoning, and tools of the site are nothing', () => {
  const document = thinking()
  document.patch(`${block}Let me look.`, 0)
  const tool = '<glm_block view="">{"type":"mcp"}</glm_block>'
  const second = block.replace('The user wants 4.', 'Found it.')
  expect(document.patch(`${block}Let me look.${tool}${second}Here.`, 0)).toEqual({
    reasoning: '\nFound it.',
    answer: 'Here.',
  })
})

test('a patch out of a block that never began ends the thinking', () => {
  expect(new AnswerDocument().patch('> 4.\n</details>\nIt is', 40).answer).toBe('It is')
})
