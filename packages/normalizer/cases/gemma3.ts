import type { Case } from '../src/test-case.ts'
import { clock, weather, writer } from './tools.ts'

export const cases: readonly Case[] = [
  {
    what: 'one call',
    from: 'function calling guide of Gemma 3',
    text: '```tool_code\nget_weather(city="Paris", days=3)\n```',
    tools: [weather],
    calls: [{ name: 'get_weather', arguments: '{"city":"Paris","days":3}' }],
  },
  {
    what: 'text before and after, two fences, a call without arguments',
    from: 'grammar',
    text: `Looking.
\`\`\`tool_code
get_weather(city='Rome')
\`\`\`
\`\`\`tool_code
get_time()
\`\`\`
Done.`,
    tools: [weather, clock],
    content: 'Looking.\n\nDone.',
    calls: [
      { name: 'get_weather', arguments: '{"city":"Rome"}' },
      { name: 'get_time', arguments: '{}' },
    ],
  },
  {
    what: 'a fence inside a string, nested values',
    from: 'grammar',
    text: `\`\`\`tool_code
write_file(content="""
\`\`\`
a
""", mode={'bits': (6, 4)})
\`\`\``,
    tools: [writer],
    calls: [{ name: 'write_file', arguments: '{"content":"\\n```\\na\\n","mode":{"bits":[6,4]}}' }],
  },
  {
    what: 'positional arguments',
    from: 'grammar',
    text: '```tool_code\nget_weather("Paris", 3)\n```',
    tools: [weather],
    calls: [{ name: 'get_weather', arguments: '{"city":"Paris","days":3}' }],
  },
  {
    what: 'a function that is not declared stays code',
    from: 'decisions',
    text: '```tool_code\nprint(end="")\n```\nThat prints.',
    tools: [weather],
    content: '```tool_code\nprint(end="")\n```\nThat prints.',
  },
  {
    what: 'other fences stay',
    from: 'grammar',
    text: '```python\nget_time()\n```',
    tools: [clock],
    content: '```python\nget_time()\n```',
  },
  {
    what: 'the closing fence is missing',
    from: 'grammar',
    text: '```tool_code\nget_time()',
    tools: [clock],
    calls: [{ name: 'get_time', arguments: '{}' }],
  },
  {
    what: 'cut in a string',
    from: 'grammar',
    how: 'length',
    text: '```tool_code\nget_weather(city="Par',
    tools: [weather],
    calls: [{ name: 'get_weather', arguments: '{"city":"Par', state: 'incomplete' }],
  },
  {
    what: 'without declared tools nothing is a call',
    from: 'grammar',
    tools: [],
    text: '```tool_code\nget_time()\n```',
    content: '```tool_code\nget_time()\n```',
  },
]
