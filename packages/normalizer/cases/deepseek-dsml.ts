import type { Case } from '../src/test-case.ts'
import { booking, clock, weather, writer } from './tools.ts'
import { typed } from './typed-tools.ts'

const tools = [weather, clock, writer, booking, typed]

export const cases: readonly Case[] = [
  {
    what: 'one call with a text and a number',
    from: 'template of DeepSeek-V3.2',
    text: `<｜DSML｜function_calls>
<｜DSML｜invoke name="get_weather">
<｜DSML｜parameter name="city" string="true">Paris</｜DSML｜parameter>
<｜DSML｜parameter name="days" string="false">3</｜DSML｜parameter>
</｜DSML｜invoke>
</｜DSML｜function_calls><｜end▁of▁sentence｜>`,
    tools,
    calls: [{ name: 'get_weather', arguments: '{"city":"Paris","days":3}' }],
  },
  {
    what: 'the block name of V4, two calls, text before',
    from: 'template of DeepSeek-V4',
    text: `Both cities.

<｜DSML｜tool_calls>
<｜DSML｜invoke name="get_weather">
<｜DSML｜parameter name="city" string="true">Paris</｜DSML｜parameter>
</｜DSML｜invoke>
<｜DSML｜invoke name="get_weather">
<｜DSML｜parameter name="city" string="true">Rome</｜DSML｜parameter>
</｜DSML｜invoke>
</｜DSML｜tool_calls>`,
    tools,
    content: 'Both cities.',
    calls: [
      { name: 'get_weather', arguments: '{"city":"Paris"}' },
      { name: 'get_weather', arguments: '{"city":"Rome"}' },
    ],
  },
  {
    what: 'the same without declared tools: the markup says the types',
    from: 'grammar',
    text: `<｜DSML｜tool_calls>
<｜DSML｜invoke name="get_weather">
<｜DSML｜parameter name="city" string="true">42</｜DSML｜parameter>
<｜DSML｜parameter name="days" string="false">42</｜DSML｜parameter>
</｜DSML｜invoke>
</｜DSML｜tool_calls>`,
    calls: [{ name: 'get_weather', arguments: '{"city":"42","days":42}' }],
  },
  {
    what: 'every kind of JSON value, and one that is none',
    from: 'grammar',
    text: `<｜DSML｜function_calls>
<｜DSML｜invoke name="set">
<｜DSML｜parameter name="ratio" string="false">1.50</｜DSML｜parameter>
<｜DSML｜parameter name="on" string="false">true</｜DSML｜parameter>
<｜DSML｜parameter name="note" string="false">null</｜DSML｜parameter>
<｜DSML｜parameter name="list" string="false">["a", "b"]</｜DSML｜parameter>
<｜DSML｜parameter name="map" string="false">{"a": {"b": 1}}</｜DSML｜parameter>
<｜DSML｜parameter name="text" string="false">not json</｜DSML｜parameter>
</｜DSML｜invoke>
</｜DSML｜function_calls>`,
    tools,
    calls: [
      {
        name: 'set',
        arguments: '{"ratio":1.50,"on":true,"note":null,"list":["a", "b"],"map":{"a": {"b": 1}},"text":"not json"}',
      },
    ],
  },
  {
    what: 'a text is verbatim: line breaks, quotes, backslashes, entities, foreign markup',
    from: 'sglang#36339',
    text: `<｜DSML｜function_calls>
<｜DSML｜invoke name="write_file">
<｜DSML｜parameter name="path" string="true">a.py</｜DSML｜parameter>
<｜DSML｜parameter name="content" string="true">
  print("a\\n") # &lt; <b> </parameter>
	<tool_call>{}</tool_call> </think>
</｜DSML｜parameter>
</｜DSML｜invoke>
</｜DSML｜function_calls>`,
    tools,
    calls: [
      {
        name: 'write_file',
        arguments: String.raw`{"path":"a.py","content":"\n  print(\"a\\n\") # &lt; <b> </parameter>\n\t<tool_call>{}</tool_call> </think>\n"}`,
      },
    ],
  },
  {
    what: 'a closer that is followed by text is data',
    from: 'grammar, value closers',
    text: `<｜DSML｜function_calls>
<｜DSML｜invoke name="write_file">
<｜DSML｜parameter name="content" string="true">say </｜DSML｜parameter> here</｜DSML｜parameter>
</｜DSML｜invoke>
</｜DSML｜function_calls>`,
    tools,
    calls: [{ name: 'write_file', arguments: '{"content":"say </｜DSML｜parameter> here"}' }],
  },
  {
    what: 'arguments as one JSON object',
    from: 'grammar',
    text: `<｜DSML｜function_calls>
<｜DSML｜invoke name="get_weather">
{"city": "Paris", "days": 3}
</｜DSML｜invoke>
</｜DSML｜function_calls>`,
    tools,
    calls: [{ name: 'get_weather', arguments: '{"city": "Paris", "days": 3}' }],
  },
  {
    what: 'no arguments, in two spellings',
    from: 'vllm#44326, sglang#34925',
    text: `<｜DSML｜function_calls>
<｜DSML｜invoke name="get_time">
</｜DSML｜invoke>
<｜DSML｜invoke name="get_time"></｜DSML｜invoke>
</｜DSML｜function_calls>`,
    tools,
    calls: [
      { name: 'get_time', arguments: '{}' },
      { name: 'get_time', arguments: '{}' },
    ],
  },
  {
    what: 'a bare invoke',
    from: 'sglang#40236',
    text: `Now. <｜DSML｜invoke name="get_weather"><｜DSML｜parameter name="city" string="true">Paris</｜DSML｜parameter></｜DSML｜invoke> Then.`,
    tools,
    content: 'Now.  Then.',
    calls: [{ name: 'get_weather', arguments: '{"city":"Paris"}' }],
  },
  {
    what: 'the block is not closed',
    from: 'sglang#40236',
    text: `<｜DSML｜tool_calls>
<｜DSML｜invoke name="get_weather">
<｜DSML｜parameter name="city" string="true">Paris</｜DSML｜parameter>
</｜DSML｜invoke>
`,
    tools,
    calls: [{ name: 'get_weather', arguments: '{"city":"Paris"}' }],
  },
  {
    what: 'invokes are not closed',
    from: 'lucebox#742',
    text: `<｜DSML｜tool_calls>
<｜DSML｜invoke name="get_weather">
<｜DSML｜parameter name="city" string="true">Paris</｜DSML｜parameter>
<｜DSML｜invoke name="get_weather">
<｜DSML｜parameter name="city" string="true">Rome</｜DSML｜parameter>
</｜DSML｜tool_calls>`,
    tools,
    calls: [
      { name: 'get_weather', arguments: '{"city":"Paris"}' },
      { name: 'get_weather', arguments: '{"city":"Rome"}' },
    ],
  },
  {
    what: 'doubled bars, the value in the attribute',
    from: 'codex-relay#49',
    text: `<｜｜DSML｜｜tool_calls>
<｜｜DSML｜｜invoke name="exec_command">
<｜｜DSML｜｜invoke name="cmd" string="echo alpha" />
</｜｜DSML｜｜invoke>
</｜｜DSML｜｜tool_calls>`,
    tools,
    calls: [{ name: 'exec_command', arguments: '{"cmd":"echo alpha"}' }],
  },
  {
    what: 'doubled bars around parameters of the common kind',
    from: 'paper-chat-for-zotero#28',
    text: `<｜｜DSML｜｜tool_calls>
<｜｜DSML｜｜invoke name="get_weather">
<｜｜DSML｜｜parameter name="city" string="true">Paris</｜｜DSML｜｜parameter>
</｜｜DSML｜｜invoke>
</｜｜DSML｜｜tool_calls>`,
    tools,
    calls: [{ name: 'get_weather', arguments: '{"city":"Paris"}' }],
  },
  {
    what: 'ASCII bars',
    from: 'grammar',
    text: `<|DSML|tool_calls>
<|DSML|invoke name="get_weather">
<|DSML|parameter name="city" string="true">Paris</|DSML|parameter>
</|DSML|invoke>
</|DSML|tool_calls>`,
    tools,
    calls: [{ name: 'get_weather', arguments: '{"city":"Paris"}' }],
  },
  {
    what: 'one parameter that holds all arguments, of a tool that has no such parameter',
    from: 'vLLM',
    text: `<｜DSML｜tool_calls>
<｜DSML｜invoke name="get_weather">
<｜DSML｜parameter name="arguments" string="false">{"city": "Paris"}</｜DSML｜parameter>
</｜DSML｜invoke>
</｜DSML｜tool_calls>`,
    tools,
    calls: [{ name: 'get_weather', arguments: '{"city": "Paris"}' }],
  },
  {
    what: 'a parameter of that name which is declared stays one',
    from: 'vLLM',
    text: `<｜DSML｜tool_calls>
<｜DSML｜invoke name="run">
<｜DSML｜parameter name="input" string="false">{"city": "Paris"}</｜DSML｜parameter>
</｜DSML｜invoke>
</｜DSML｜tool_calls>`,
    tools: [
      {
        type: 'function',
        function: { name: 'run', parameters: { type: 'object', properties: { input: { type: 'object' } } } },
      },
    ],
    calls: [{ name: 'run', arguments: '{"input":{"city": "Paris"}}' }],
  },
  {
    what: 'closers without openers are noise',
    from: 'oh-my-pi#10558',
    text: 'Done.</｜DSML｜invoke>\n</｜DSML｜function_calls>',
    tools,
    content: 'Done.',
  },
  {
    what: 'thinking mode',
    from: 'template of DeepSeek-V4',
    text: `The weather.</think>

<｜DSML｜tool_calls>
<｜DSML｜invoke name="get_weather">
<｜DSML｜parameter name="city" string="true">Paris</｜DSML｜parameter>
</｜DSML｜invoke>
</｜DSML｜tool_calls>`,
    startsIn: 'reasoning',
    tools,
    reasoning: 'The weather.',
    calls: [{ name: 'get_weather', arguments: '{"city":"Paris"}' }],
  },
  {
    what: 'a call inside reasoning ends it',
    from: 'vllm#42400',
    text: `The weather.
<｜DSML｜tool_calls>
<｜DSML｜invoke name="get_weather">
<｜DSML｜parameter name="city" string="true">Paris</｜DSML｜parameter>
</｜DSML｜invoke>
</｜DSML｜tool_calls>`,
    startsIn: 'reasoning',
    tools,
    reasoning: 'The weather.',
    calls: [{ name: 'get_weather', arguments: '{"city":"Paris"}' }],
  },
  {
    what: 'an unknown tool, and a value of more than 8 KiB',
    from: 'smg#1728, sglang#36339',
    text: `<｜DSML｜tool_calls>
<｜DSML｜invoke name="save">
<｜DSML｜parameter name="data" string="true">${'a<b｜c '.repeat(900)}</｜DSML｜parameter>
</｜DSML｜invoke>
</｜DSML｜tool_calls>`,
    tools,
    calls: [{ name: 'save', arguments: `{"data":"${'a<b｜c '.repeat(900)}"}` }],
  },
  {
    what: 'cut inside a text',
    from: 'cline#13001',
    text: `So.
<｜DSML｜tool_calls>
<｜DSML｜invoke name="write_file">
<｜DSML｜parameter name="path" string="true">a.md</｜DSML｜parameter>
<｜DSML｜parameter name="content" string="true">half`,
    how: 'length',
    tools,
    content: 'So.',
    calls: [{ name: 'write_file', arguments: '{"path":"a.md","content":"half', state: 'incomplete' }],
  },
  {
    what: 'the model stopped after a whole parameter',
    from: 'grammar',
    text: `<｜DSML｜tool_calls>
<｜DSML｜invoke name="get_weather">
<｜DSML｜parameter name="city" string="true">Paris</｜DSML｜parameter>
`,
    tools,
    calls: [{ name: 'get_weather', arguments: '{"city":"Paris"}' }],
  },
  {
    what: 'cut inside the name',
    from: 'grammar',
    text: 'So.\n<｜DSML｜tool_calls>\n<｜DSML｜invoke name="get_we',
    how: 'cut',
    tools,
    content: 'So.',
  },
  {
    what: 'a part of a token at the end is text',
    from: 'sglang#31915',
    text: 'So <｜DSML｜tool',
    tools,
    content: 'So <｜DSML｜tool',
  },
  {
    what: 'tokens quoted in inline code and in a fence',
    from: 'faults, row 35',
    text: `Blocks begin with \`<｜DSML｜tool_calls>\`:
\`\`\`
<｜DSML｜tool_calls>
<｜DSML｜invoke name="example">
<｜DSML｜parameter name="a" string="true">b</｜DSML｜parameter>
</｜DSML｜invoke>
</｜DSML｜tool_calls>
\`\`\`
`,
    tools,
    content: `Blocks begin with \`<｜DSML｜tool_calls>\`:
\`\`\`
<｜DSML｜tool_calls>
<｜DSML｜invoke name="example">
<｜DSML｜parameter name="a" string="true">b</｜DSML｜parameter>
</｜DSML｜invoke>
</｜DSML｜tool_calls>
\`\`\`
`,
  },
]
