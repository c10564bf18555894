import type { Case } from '../src/test-case.ts'
import { clock, weather, writer } from './tools.ts'

const tools = [weather, clock, writer]

export const cases: readonly Case[] = [
  {
    what: 'one call',
    from: 'template of DeepSeek-V3',
    text: `<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>get_weather
\`\`\`json
{"city": "Paris"}
\`\`\`<｜tool▁call▁end｜><｜tool▁calls▁end｜><｜end▁of▁sentence｜>`,
    tools,
    calls: [{ name: 'get_weather', arguments: '{"city": "Paris"}' }],
  },
  {
    what: 'text, then two calls, without declared tools',
    from: 'template of DeepSeek-V3',
    text: `I'll look.

<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>get_weather
\`\`\`json
{"city": "Paris"}
\`\`\`<｜tool▁call▁end｜>
<｜tool▁call▁begin｜>function<｜tool▁sep｜>get_weather
\`\`\`json
{"city": "Rome"}
\`\`\`<｜tool▁call▁end｜><｜tool▁calls▁end｜>`,
    content: "I'll look.",
    calls: [
      { name: 'get_weather', arguments: '{"city": "Paris"}' },
      { name: 'get_weather', arguments: '{"city": "Rome"}' },
    ],
  },
  {
    what: 'reasoning with its opener echoed, then an answer',
    from: 'template of DeepSeek-R1-0528',
    text: '<think>\nHm.\n\nYes.\n</think>\n\nIt is 4.',
    startsIn: 'reasoning',
    reasoning: 'Hm.\n\nYes.',
    content: 'It is 4.',
  },
  {
    what: 'the opener was prefilled',
    from: 'template of DeepSeek-R1, vercel/ai#4920',
    text: 'Hm.\n\nYes.\n</think>\n\nIt is 4.<｜end▁of▁sentence｜>',
    startsIn: 'reasoning',
    reasoning: 'Hm.\n\nYes.',
    content: 'It is 4.',
  },
  {
    what: 'reasoning, then text and a call',
    from: 'grammar',
    text: `Weather is needed.
</think>

Let me see.<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>get_weather
\`\`\`json
{"city": "Paris"}
\`\`\`<｜tool▁call▁end｜><｜tool▁calls▁end｜>`,
    startsIn: 'reasoning',
    tools,
    reasoning: 'Weather is needed.',
    content: 'Let me see.',
    calls: [{ name: 'get_weather', arguments: '{"city": "Paris"}' }],
  },
  {
    what: 'a call inside reasoning ends it',
    from: 'vllm#42400, llama.cpp#20260',
    text: `Weather is needed.
<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>get_weather
\`\`\`json
{"city": "Paris"}
\`\`\`<｜tool▁call▁end｜><｜tool▁calls▁end｜>`,
    startsIn: 'reasoning',
    tools,
    reasoning: 'Weather is needed.',
    calls: [{ name: 'get_weather', arguments: '{"city": "Paris"}' }],
  },
  {
    what: 'text before and after the calls',
    from: 'llama.cpp#20660',
    text: `One. <｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>get_time
\`\`\`json
{}
\`\`\`<｜tool▁call▁end｜><｜tool▁calls▁end｜> Two.`,
    tools,
    content: 'One.  Two.',
    calls: [{ name: 'get_time', arguments: '{}' }],
  },
  {
    what: 'the calls are not wrapped',
    from: 'grammar',
    text: `<｜tool▁call▁begin｜>function<｜tool▁sep｜>get_time
\`\`\`json
{}
\`\`\`<｜tool▁call▁end｜>`,
    tools,
    calls: [{ name: 'get_time', arguments: '{}' }],
  },
  {
    what: 'all closers are missing, also the fence of the first call',
    from: 'grammar',
    text: `<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>get_time
\`\`\`json
{}
<｜tool▁call▁begin｜>function<｜tool▁sep｜>get_weather
\`\`\`json
{"city": "Paris"}
\`\`\``,
    tools,
    calls: [
      { name: 'get_time', arguments: '{}' },
      { name: 'get_weather', arguments: '{"city": "Paris"}' },
    ],
  },
  {
    what: 'underscores in the tokens',
    from: 'grammar',
    text: `<｜tool_calls_begin｜><｜tool_call_begin｜>function<｜tool_sep｜>get_weather
\`\`\`json
{"city": "Paris"}
\`\`\`<｜tool_call_end｜><｜tool_calls_end｜>`,
    tools,
    calls: [{ name: 'get_weather', arguments: '{"city": "Paris"}' }],
  },
  {
    what: 'spaces in the tokens',
    from: 'grammar',
    text: `<｜tool calls begin｜><｜tool call begin｜>function<｜tool sep｜>get_weather
\`\`\`json
{"city": "Paris"}
\`\`\`<｜tool call end｜><｜tool calls end｜>`,
    tools,
    calls: [{ name: 'get_weather', arguments: '{"city": "Paris"}' }],
  },
  {
    what: 'escaped underscores in the tokens',
    from: 'grammar',
    text: `<｜tool\\_calls\\_begin｜><｜tool\\_call\\_begin｜>function<｜tool\\_sep｜>get_weather
\`\`\`json
{"city": "Paris"}
\`\`\`<｜tool\\_call\\_end｜><｜tool\\_calls\\_end｜>`,
    tools,
    calls: [{ name: 'get_weather', arguments: '{"city": "Paris"}' }],
  },
  {
    what: 'the short opener of the block',
    from: 'grammar',
    text: `<｜tool▁calls｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>get_weather
\`\`\`json
{"city": "Paris"}
\`\`\`<｜tool▁call▁end｜><｜tool▁calls▁end｜>`,
    tools,
    calls: [{ name: 'get_weather', arguments: '{"city": "Paris"}' }],
  },
  {
    what: 'fences and tokens inside a string',
    from: 'grammar, vllm#45167',
    text: `<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>write_file
\`\`\`json
{"path": "a.md", "content": "\`\`\`json\\n{}\\n\`\`\`<｜tool▁call▁end｜><｜tool▁calls▁end｜>"}
\`\`\`<｜tool▁call▁end｜><｜tool▁calls▁end｜>`,
    tools,
    calls: [
      {
        name: 'write_file',
        arguments: `{"path": "a.md", "content": "\`\`\`json\\n{}\\n\`\`\`<｜tool▁call▁end｜><｜tool▁calls▁end｜>"}`,
      },
    ],
  },
  {
    what: 'arguments over several lines',
    from: 'vllm#38441',
    text: `<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>get_weather
\`\`\`json
{
  "city": "Paris",
  "days": 3
}
\`\`\`<｜tool▁call▁end｜><｜tool▁calls▁end｜>`,
    tools,
    calls: [{ name: 'get_weather', arguments: `{\n  "city": "Paris",\n  "days": 3\n}` }],
  },
  {
    what: 'an unknown tool',
    from: 'smg#1728',
    text: `<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>find
\`\`\`json
{"q": 1}
\`\`\`<｜tool▁call▁end｜><｜tool▁calls▁end｜>`,
    tools,
    calls: [{ name: 'find', arguments: '{"q": 1}' }],
  },
  {
    what: 'a trailing comma and a Python literal',
    from: 'faults, row 36',
    text: `<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>find
\`\`\`json
{"q": None, "n": [1,],}
\`\`\`<｜tool▁call▁end｜><｜tool▁calls▁end｜>`,
    tools,
    calls: [{ name: 'find', arguments: '{"q": null, "n": [1]}' }],
  },
  {
    what: 'cut inside a string',
    from: 'cline#13001',
    text: `<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>write_file
\`\`\`json
{"path": "a.md", "content": "half`,
    how: 'length',
    tools,
    calls: [{ name: 'write_file', arguments: '{"path": "a.md", "content": "half', state: 'incomplete' }],
  },
  {
    what: 'the model stopped after a whole value',
    from: 'grammar',
    text: `<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>get_weather
\`\`\`json
{"city": "Paris"`,
    tools,
    calls: [{ name: 'get_weather', arguments: '{"city": "Paris"}' }],
  },
  {
    what: 'cut inside the name',
    from: 'grammar',
    text: 'So.<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>get_wea',
    how: 'cut',
    tools,
    content: 'So.',
  },
  {
    what: 'a part of a token at the end is text',
    from: 'sglang#31915',
    text: 'So <｜tool▁calls▁beg',
    tools,
    content: 'So <｜tool▁calls▁beg',
  },
  {
    what: 'tokens quoted in inline code, and full-width bars in prose',
    from: 'faults, row 35',
    text: 'It writes `<｜tool▁calls▁begin｜>` and `<｜tool▁call▁begin｜>`. A bar is ｜, a token <｜x｜>.',
    tools,
    content: 'It writes `<｜tool▁calls▁begin｜>` and `<｜tool▁call▁begin｜>`. A bar is ｜, a token <｜x｜>.',
  },
]
