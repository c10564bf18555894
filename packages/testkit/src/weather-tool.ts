export interface WeatherTool {
  /** Those it was asked for, in order. */
  readonly cities: string[]
  /** For `runTools` of the OpenAI SDK. */
  readonly tool: {
    readonly type: 'function'
    readonly function: {
      readonly name: 'get_weather'
      readonly description: string
      readonly parameters: Record<string, unknown>
      readonly parse: (input: string) => { city: string }
      readonly function: (input: { city: string }) => string
    }
  }
}

/** A tool for the agent loops of clients: of a `city` it says `sunny in Oslo`. */
export function weatherTool(): WeatherTool {
  const cities: string[] = []
  return {
    cities,
    tool: {
      type: 'function',
      function: {
        name: 'get_weather',
        description: 'Weather of a city',
        parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
        parse: JSON.parse,
        function({ city }) {
          cities.push(city)
          return `sunny in ${city}`
        },
      },
    },
  }
}
