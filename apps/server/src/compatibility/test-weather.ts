/** A tool, as each dialect words it. */
export const weather = {
  name: 'get_weather',
  description: 'The weather of a city',
  schema: {
    type: 'object' as const,
    properties: { city: { type: 'string' as const } },
    required: ['city'],
    additionalProperties: false,
  },
}

/** In Chat Completions. */
export const chatTool = {
  type: 'function' as const,
  function: { name: weather.name, description: weather.description, parameters: weather.schema },
}
