import { tokens } from '@dragoman/testkit'

export const usage = tokens(12, 7)

/** The model thinks, and calls the tool. */
export const looks = {
  reasoning: 'I should look.',
  toolCalls: [{ id: 'call_1', name: 'get_weather', arguments: { city: 'Oslo' } }],
  usage,
}

/** It thinks, and answers. */
export const says = { reasoning: 'Rain it is.', text: ['It is ', 'raining.'], usage }
