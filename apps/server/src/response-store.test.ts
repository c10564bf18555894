import { memoryState, type StateStore } from '@dragoman/core'
import type { ResponseObject } from '@dragoman/dialects/openai-responses'
import { expect, test } from 'vitest'
import { ResponseStore } from './response-store.ts'

const item = { type: 'message' as const, id: 'msg_1', role: 'assistant' as const, content: 'Hi' }
const stored = { response: { id: 'resp_1' } as ResponseObject, input: [], items: [item] }

/** Whose writes end only when they are let. */
function slowState() {
  const { promise, resolve } = Promise.withResolvers<void>()
  const state = memoryState()
  const slow: StateStore = { ...state, set: (...given) => promise.then(() => state.set(...given)) }
  return { slow, letGo: resolve }
}

test('whoever asks for a response, or an item of it, while it is being written, waits for it', async () => {
  const { slow, letGo } = slowState()
  const store = new ResponseStore(slow)
  const writing = store.put('team', stored)
  const reading = Promise.all([
    store.get('team', 'resp_1'),
    store.items('team', ['msg_1']),
    store.history('team', 'resp_1'),
  ])
  letGo()
  expect(await reading).toEqual([stored, new Map([['msg_1', item]]), [item]])
  await writing
})

test('a chain that has lost its beginning is no chain', async () => {
  const store = new ResponseStore(memoryState())
  await store.put('team', stored)
  await store.put('team', { ...stored, response: { id: 'resp_2' } as ResponseObject, previousId: 'resp_1' })
  expect(await store.history('team', 'resp_2')).toHaveLength(2)
  await store.delete('team', 'resp_1')
  await expect(store.history('team', 'resp_2')).rejects.toMatchObject({ publicCode: 'previous_response_not_found' })
})
