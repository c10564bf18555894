import type { Case } from '../src/test-case.ts'
import { clock, weather, writer } from './tools.ts'
import { typed } from './typed-tools.ts'

const tools = [weather, clock, writer, typed]

export const cases: readonly Case[] = [
  {
    what: 'one call over several lines',
    from: 'template of GLM-4.5',
    text: `<tool_call>get_weather
<arg_key>city</arg_key>
<arg_value>Paris</arg_value>
<arg_key>days</arg_key>
<arg_value>3</arg_value>
</tool_call>`,
    tools,
    calls: [{ name: 'get_weather', arguments: '{"city":"Paris","days":3}' }],
  },
  {
    what: 'one call in one line',
    from: 'template of GLM-4.7',
    text: '<tool_call>get_weather<arg_key>city</arg_key><arg_value>Paris</arg_value><arg_key>days</arg_key><arg_value>3</arg_value></tool_call>',
    tools,
    calls: [{ name: 'get_weather', arguments: '{"city":"Paris","days":3}' }],
  },
  {
    what: 'text, then two calls',
    from: 'template of GLM-4.6, sglang#37634',
    text: `Both cities.
<tool_call>get_weather
<arg_key>city</arg_key>
<arg_value>Paris</arg_value>
</tool_call>
<tool_call>get_weather
<arg_key>city</arg_key>
<arg_value>Rome</arg_value>
</tool_call>`,
    tools,
    content: 'Both cities.',
    calls: [
      { name: 'get_weather', arguments: '{"city":"Paris"}' },
      { name: 'get_weather', arguments: '{"city":"Rome"}' },
    ],
  },
  {
    what: 'line breaks written as two characters',
    from: 'grammar',
    text: String.raw`<tool_call>get_weather\n<arg_key>city</arg_key>\n<arg_value>Paris</arg_value>\n<arg_key>days</arg_key>\n<arg_value>3</arg_value>\n</tool_call>`,
    tools,
    calls: [{ name: 'get_weather', arguments: '{"city":"Paris","days":3}' }],
  },
  {
    what: 'no arguments, in three spellings',
    from: 'vllm#44326, llama.cpp#20650',
    text: '<tool_call>get_time</tool_call><tool_call>get_time\n</tool_call>\n<tool_call>\nget_time\n</tool_call>',
    tools,
    calls: [
      { name: 'get_time', arguments: '{}' },
      { name: 'get_time', arguments: '{}' },
      { name: 'get_time', arguments: '{}' },
    ],
  },
  {
    what: 'a declared name is the beginning of another one',
    from: 'vllm#39757',
    text: '<tool_call>get_weather_tomorrow\n<arg_key>city</arg_key>\n<arg_value>Paris</arg_value>\n</tool_call>',
    tools,
    calls: [{ name: 'get_weather_tomorrow', arguments: '{"city":"Paris"}' }],
  },
  {
    what: 'values verbatim, names and keys trimmed',
    from: 'grammar',
    text: '<tool_call> write_file \n<arg_key> path </arg_key>\n<arg_value> a.md </arg_value>\n<arg_key>content</arg_key>\n<arg_value>\n  one\n\n</arg_value>\n</tool_call>',
    tools,
    calls: [{ name: 'write_file', arguments: '{"path":" a.md ","content":"\\n  one\\n\\n"}' }],
  },
  {
    what: 'types come from the schema',
    from: 'vllm#40195, sglang#36688',
    text: `<tool_call>set
<arg_key>text</arg_key>
<arg_value>42</arg_value>
<arg_key>count</arg_key>
<arg_value>42</arg_value>
<arg_key>ratio</arg_key>
<arg_value>-0.50</arg_value>
<arg_key>on</arg_key>
<arg_value>false</arg_value>
<arg_key>list</arg_key>
<arg_value>["a", "b"]</arg_value>
<arg_key>map</arg_key>
<arg_value>{"k": {}}</arg_value>
<arg_key>note</arg_key>
<arg_value>null</arg_value>
<arg_key>limit</arg_key>
<arg_value>5</arg_value>
<arg_key>size</arg_key>
<arg_value>big</arg_value>
<arg_key>level</arg_key>
<arg_value>2</arg_value>
<arg_key>other</arg_key>
<arg_value>true</arg_value>
</tool_call>`,
    tools,
    calls: [
      {
        name: 'set',
        arguments:
          '{"text":"42","count":42,"ratio":-0.50,"on":false,"list":["a", "b"],"map":{"k": {}},"note":null,"limit":5,"size":"big","level":"2","other":"true"}',
      },
    ],
  },
  {
    what: 'a nullable text that is text',
    from: 'vllm#40195',
    text: '<tool_call>set<arg_key>note</arg_key><arg_value>nullable "x"</arg_value><arg_key>limit</arg_key><arg_value>null</arg_value></tool_call>',
    tools,
    calls: [{ name: 'set', arguments: '{"note":"nullable \\"x\\"","limit":null}' }],
  },
  {
    what: 'an unknown tool: every value is text',
    from: 'smg#1728',
    text: '<tool_call>find<arg_key>n</arg_key><arg_value>5</arg_value></tool_call>',
    tools,
    calls: [{ name: 'find', arguments: '{"n":"5"}' }],
  },
  {
    what: 'closers inside a value are data where text follows them',
    from: 'grammar, value closers',
    text: '<tool_call>write_file\n<arg_key>content</arg_key>\n<arg_value>a </arg_value> b </tool_call> <tool_call> c <think></arg_value>\n</tool_call>',
    tools,
    calls: [{ name: 'write_file', arguments: '{"content":"a </arg_value> b </tool_call> <tool_call> c <think>"}' }],
  },
  {
    what: 'the next opener instead of the closer',
    from: 'grammar',
    text: '<tool_call>get_weather\n<arg_key>city</arg_key>\n<arg_value>Paris</arg_value>\n<tool_call>get_time\n</tool_call>',
    tools,
    calls: [
      { name: 'get_weather', arguments: '{"city":"Paris"}' },
      { name: 'get_time', arguments: '{}' },
    ],
  },
  {
    what: 'reasoning, answer, call',
    from: 'template of GLM-4.5',
    text: '<think>Weather is needed.</think>\nLet me see.\n<tool_call>get_time\n</tool_call>',
    tools,
    reasoning: 'Weather is needed.',
    content: 'Let me see.',
    calls: [{ name: 'get_time', arguments: '{}' }],
  },
  {
    what: 'an empty pair where thinking is off',
    from: 'template of GLM-4.5',
    text: '<think></think>\nIt is 4.',
    content: 'It is 4.',
  },
  {
    what: 'the opener was prefilled',
    from: 'template of GLM-4.7, vercel/ai#4920',
    text: 'Easy.</think>It is 4.',
    startsIn: 'reasoning',
    reasoning: 'Easy.',
    content: 'It is 4.',
  },
  {
    what: 'a call before the closer of reasoning',
    from: 'vllm#42400, vllm#46040',
    text: '<think>Time is needed.\n<tool_call>get_time\n</tool_call>\n</think>\nDone.',
    tools,
    reasoning: 'Time is needed.',
    content: 'Done.',
    calls: [{ name: 'get_time', arguments: '{}' }],
  },
  {
    what: 'a mention inside reasoning',
    from: 'grammar',
    text: 'A <tool_call> would be too much.</think>It is 4.',
    startsIn: 'reasoning',
    tools,
    reasoning: 'A <tool_call> would be too much.',
    content: 'It is 4.',
  },
  {
    what: 'text after the call',
    from: 'llama.cpp#20660',
    text: 'A\n<tool_call>get_time</tool_call>\nB',
    tools,
    content: 'A\n\nB',
    calls: [{ name: 'get_time', arguments: '{}' }],
  },
  {
    what: 'mentions that commit to nothing',
    from: 'faults, row 35',
    text: 'Open with <tool_call> and a name; <tool_call>a b</tool_call> is none, <tool_call></tool_call> neither.',
    tools,
    content: 'Open with <tool_call> and a name; <tool_call>a b</tool_call> is none, <tool_call></tool_call> neither.',
  },
  {
    what: 'an example in a fence, of a tool that is not declared',
    from: 'faults, row 35',
    text: '```\n<tool_call>example\n<arg_key>a</arg_key>\n<arg_value>b</arg_value>\n</tool_call>\n```\n',
    tools,
    content: '```\n<tool_call>example\n<arg_key>a</arg_key>\n<arg_value>b</arg_value>\n</tool_call>\n```\n',
  },
  {
    what: 'no tools are declared: text',
    from: 'grammar',
    text: '<tool_call>get_time\n</tool_call>',
    tools: [],
    content: '<tool_call>get_time\n</tool_call>',
  },
  {
    what: 'cut inside a value',
    from: 'cline#13001',
    text: 'So.\n<tool_call>write_file\n<arg_key>path</arg_key>\n<arg_value>a.md</arg_value>\n<arg_key>content</arg_key>\n<arg_value>half "of',
    how: 'length',
    tools,
    content: 'So.',
    calls: [{ name: 'write_file', arguments: '{"path":"a.md","content":"half \\"of', state: 'incomplete' }],
  },
  {
    what: 'the model stopped after a whole pair',
    from: 'grammar',
    text: '<tool_call>get_weather\n<arg_key>city</arg_key>\n<arg_value>Paris</arg_value>',
    tools,
    calls: [{ name: 'get_weather', arguments: '{"city":"Paris"}' }],
  },
  {
    what: 'the stream broke after a whole pair',
    from: 'cline#13001',
    text: '<tool_call>get_weather\n<arg_key>city</arg_key>\n<arg_value>Paris</arg_value>\n',
    how: 'cut',
    tools,
    calls: [{ name: 'get_weather', arguments: '{"city":"Paris"', state: 'incomplete' }],
  },
  {
    what: 'cut inside the name: nothing says that it is a call',
    from: 'vllm#39757',
    text: 'So <tool_call>get_wea',
    how: 'length',
    tools,
    content: 'So <tool_call>get_wea',
  },
  {
    what: 'a long value',
    from: 'vllm#37184',
    text: `<tool_call>write_file\n<arg_key>content</arg_key>\n<arg_value>${'x <y> '.repeat(300)}</arg_value>\n</tool_call>`,
    tools,
    calls: [{ name: 'write_file', arguments: `{"content":"${'x <y> '.repeat(300)}"}` }],
  },
  {
    what: 'a key without a value stays text, and the call that lacks it does not look whole',
    from: 'grammar, nothing is lost',
    text: '<tool_call>get_weather\n<arg_key>city</arg_key>words</tool_call> tail',
    tools,
    content: '<arg_key>city</arg_key>words</tool_call> tail',
    calls: [{ name: 'get_weather', arguments: '{', state: 'invalid' }],
  },
  {
    what: 'the same behind a whole pair',
    from: 'grammar, nothing is lost',
    text: '<tool_call>get_weather<arg_key>city</arg_key><arg_value>Paris</arg_value><arg_key>days</arg_key>3 or 4',
    tools,
    content: '<arg_key>days</arg_key>3 or 4',
    calls: [{ name: 'get_weather', arguments: '{"city":"Paris"', state: 'invalid' }],
  },
  {
    what: 'cut behind a key',
    from: 'cline#13001',
    text: '<tool_call>get_weather\n<arg_key>city</arg_key>\n',
    how: 'length',
    tools,
    calls: [{ name: 'get_weather', arguments: '{', state: 'incomplete' }],
  },
]
