import type { Case } from '../src/test-case.ts'
import { clock, weather, writer } from './tools.ts'
import { typed } from './typed-tools.ts'

const tools = [weather, clock, writer, typed]

export const cases: readonly Case[] = [
  {
    what: 'one call',
    from: 'template of Qwen3-Coder',
    text: `<tool_call>
<function=get_weather>
<parameter=city>
Paris
</parameter>
<parameter=days>
3
</parameter>
</function>
</tool_call>`,
    tools,
    calls: [{ name: 'get_weather', arguments: '{"city":"Paris","days":3}' }],
  },
  {
    what: 'text, then two calls, end of turn',
    from: 'template of Qwen3-Coder, sglang#37634',
    text: `Both cities.

<tool_call>
<function=get_weather>
<parameter=city>
Paris
</parameter>
</function>
</tool_call>
<tool_call>
<function=get_weather>
<parameter=city>
Rome
</parameter>
</function>
</tool_call><|im_end|>`,
    tools,
    content: 'Both cities.',
    calls: [
      { name: 'get_weather', arguments: '{"city":"Paris"}' },
      { name: 'get_weather', arguments: '{"city":"Rome"}' },
    ],
  },
  {
    what: 'text after the call',
    from: 'llama.cpp#20660',
    text: 'A\n<tool_call>\n<function=get_time>\n</function>\n</tool_call>\nB',
    tools,
    content: 'A\n\nB',
    calls: [{ name: 'get_time', arguments: '{}' }],
  },
  {
    what: 'several functions in one wrapper',
    from: 'grammar',
    text: '<tool_call>\n<function=get_time>\n</function>\n<function=get_weather>\n<parameter=city>\nParis\n</parameter>\n</function>\n</tool_call>',
    tools,
    calls: [
      { name: 'get_time', arguments: '{}' },
      { name: 'get_weather', arguments: '{"city":"Paris"}' },
    ],
  },
  {
    what: 'no arguments, in three spellings',
    from: 'TensorRT-LLM#19227, vllm#35266',
    text: '<tool_call>\n<function=get_time>\n</function>\n</tool_call>\n<tool_call><function=get_time></function></tool_call>\n<tool_call>\n<function=get_time>\n</tool_call>',
    tools,
    calls: [
      { name: 'get_time', arguments: '{}' },
      { name: 'get_time', arguments: '{}' },
      { name: 'get_time', arguments: '{}' },
    ],
  },
  {
    what: 'types come from the schema',
    from: 'grammar, coercion',
    text: `<tool_call>
<function=set>
<parameter=text>
42
</parameter>
<parameter=count>
-7
</parameter>
<parameter=ratio>
1.50
</parameter>
<parameter=on>
True
</parameter>
<parameter=list>
["a", "b"]
</parameter>
<parameter=map>
{"k": [1, null]}
</parameter>
<parameter=level>
1
</parameter>
<parameter=place>
{"lat": 48.8}
</parameter>
</function>
</tool_call>`,
    tools,
    calls: [
      {
        name: 'set',
        arguments:
          '{"text":"42","count":-7,"ratio":1.50,"on":true,"list":["a", "b"],"map":{"k": [1, null]},"level":"1","place":{"lat": 48.8}}',
      },
    ],
  },
  {
    what: 'parameters that allow several types',
    from: 'vllm#40195, sglang#36688',
    text: `<tool_call>
<function=set>
<parameter=note>
null
</parameter>
<parameter=limit>
None of it
</parameter>
<parameter=size>
large
</parameter>
</function>
</tool_call>
<tool_call>
<function=set>
<parameter=note>
12
</parameter>
<parameter=limit>
12
</parameter>
<parameter=size>
12
</parameter>
</function>
</tool_call>
<tool_call>
<function=set>
<parameter=limit>
NULL
</parameter>
</function>
</tool_call>`,
    tools,
    calls: [
      { name: 'set', arguments: '{"note":null,"limit":"None of it","size":"large"}' },
      { name: 'set', arguments: '{"note":"12","limit":12,"size":12}' },
      { name: 'set', arguments: '{"limit":null}' },
    ],
  },
  {
    what: 'values that do not fit their type stay text; bare fractions become numbers',
    from: 'grammar, coercion',
    text: '<tool_call>\n<function=set>\n<parameter=count>\nthree\n</parameter>\n<parameter=ratio>\n.5\n</parameter>\n<parameter=on>\nmaybe\n</parameter>\n<parameter=list>\nnone\n</parameter>\n</function>\n</tool_call>',
    tools,
    calls: [{ name: 'set', arguments: '{"count":"three","ratio":0.5,"on":"maybe","list":"none"}' }],
  },
  {
    what: 'numbers beyond 2^53 keep their digits',
    from: 'grammar',
    text: '<tool_call>\n<function=set>\n<parameter=count>\n9007199254740993123\n</parameter>\n</function>\n</tool_call>',
    tools,
    calls: [{ name: 'set', arguments: '{"count":9007199254740993123}' }],
  },
  {
    what: 'one boolean that is written as a number',
    from: 'grammar, coercion',
    text: '<tool_call>\n<function=set>\n<parameter=on>\n1\n</parameter>\n</function>\n</tool_call>',
    tools,
    calls: [{ name: 'set', arguments: '{"on":true}' }],
  },
  {
    what: 'an object in Python style',
    from: 'grammar, coercion',
    text: `<tool_call>\n<function=set>\n<parameter=map>\n{'k':None}\n</parameter>\n</function>\n</tool_call>`,
    tools,
    calls: [{ name: 'set', arguments: '{"map":{"k":null}}' }],
  },
  {
    what: 'undeclared parameters and tools: verbatim text',
    from: 'grammar, coercion; smg#1728',
    text: '<tool_call>\n<function=get_weather>\n<parameter=city>\nParis\n</parameter>\n<parameter=extra>\n42\n</parameter>\n</function>\n</tool_call>\n<tool_call>\n<function=find>\n<parameter=q>\n{"a": 1}\n</parameter>\n</function>\n</tool_call>',
    tools,
    calls: [
      { name: 'get_weather', arguments: '{"city":"Paris","extra":"42"}' },
      { name: 'find', arguments: '{"q":"{\\"a\\": 1}"}' },
    ],
  },
  {
    what: 'exactly one line break goes at each end; indentation and blank lines stay',
    from: 'template of Qwen3-Coder',
    text: '<tool_call>\n<function=write_file>\n<parameter=path>\na.py\n</parameter>\n<parameter=content>\n\n    def f():\n\treturn 1  \n\n\n</parameter>\n</function>\n</tool_call>',
    tools,
    calls: [
      { name: 'write_file', arguments: String.raw`{"path":"a.py","content":"\n    def f():\n\treturn 1  \n\n"}` },
    ],
  },
  {
    what: 'values on the same line as their tags, and empty ones',
    from: 'grammar',
    text: '<tool_call><function=write_file><parameter=path> a.py </parameter><parameter=content></parameter></function></tool_call>',
    tools,
    calls: [{ name: 'write_file', arguments: '{"path":" a.py ","content":""}' }],
  },
  {
    what: 'quotes, backslashes, control characters, entities and astral characters',
    from: 'grammar',
    text: '<tool_call>\n<function=write_file>\n<parameter=path>\nC:\\new\\"x"\n</parameter>\n<parameter=content>\n&lt;b&gt; \u0001 \r\n😀 \u2028\n</parameter>\n</function>\n</tool_call>',
    tools,
    calls: [
      {
        name: 'write_file',
        arguments: `{"path":"C:\\\\new\\\\\\"x\\"","content":"&lt;b&gt; \\u0001 \\r\\n😀 \u2028"}`,
      },
    ],
  },
  {
    what: 'other markup inside a value is data, the closer too where text follows it',
    from: 'grammar, value closers',
    text: '<tool_call>\n<function=write_file>\n<parameter=content>\n<think>a</parameter> b </tool_call> <tool_call> {"name":"x"} </think>\n</parameter>\n</function>\n</tool_call>',
    tools,
    calls: [
      {
        name: 'write_file',
        arguments: `{"content":"<think>a</parameter> b </tool_call> <tool_call> {\\"name\\":\\"x\\"} </think>"}`,
      },
    ],
  },
  {
    what: 'a value full of angles',
    from: 'Step-3 in vLLM',
    text: '<tool_call>\n<function=write_file>\n<parameter=content>\n<a><</a></ <p </para <<<< </parameterx>\n</parameter>\n</function>\n</tool_call>',
    tools,
    calls: [{ name: 'write_file', arguments: '{"content":"<a><</a></ <p </para <<<< </parameterx>"}' }],
  },
  {
    what: 'a doubled closer',
    from: 'llama.cpp#24807',
    text: '<tool_call>\n<function=get_weather>\n<parameter=city>\nParis\n</parameter>\n</parameter>\n<parameter=days>\n3\n</parameter>\n</parameter>\n</function>\n</tool_call>',
    tools,
    calls: [{ name: 'get_weather', arguments: '{"city":"Paris","days":3}' }],
  },
  {
    what: 'spaces inside the tags',
    from: 'grammar',
    text: '<tool_call>\n<function=get_weather>\n< parameter = city >\nParis\n</parameter>\n</function>\n</tool_call>',
    tools,
    calls: [{ name: 'get_weather', arguments: '{"city":"Paris"}' }],
  },
  {
    what: 'closers of values are missing',
    from: 'grammar',
    text: '<tool_call>\n<function=get_weather>\n<parameter=city>\nParis\n<parameter=days>\n3\n</function>\n</tool_call>',
    tools,
    calls: [{ name: 'get_weather', arguments: '{"city":"Paris","days":3}' }],
  },
  {
    what: 'the closers of function and wrapper are missing',
    from: 'grammar',
    text: '<tool_call>\n<function=get_time>\n<function=get_weather>\n<parameter=city>\nParis\n</parameter>\n',
    tools,
    calls: [
      { name: 'get_time', arguments: '{}' },
      { name: 'get_weather', arguments: '{"city":"Paris"}' },
    ],
  },
  {
    what: 'without the wrapper, for a declared tool',
    from: 'grammar',
    text: 'Now:\n<function=get_weather>\n<parameter=city>\nParis\n</parameter>\n</function>',
    tools,
    content: 'Now:',
    calls: [{ name: 'get_weather', arguments: '{"city":"Paris"}' }],
  },
  {
    what: 'without the wrapper, but with its closer',
    from: 'vllm#45256',
    text: '<function=get_weather>\n<parameter=city>\nParis\n</parameter>\n</function>\n</tool_call>',
    tools,
    calls: [{ name: 'get_weather', arguments: '{"city":"Paris"}' }],
  },
  {
    what: 'without the wrapper, for a tool that is not declared: text',
    from: 'grammar',
    text: 'The tag <function=name> opens it:\n<function=find>\n<parameter=q>\nx\n</parameter>\n</function>',
    tools,
    content: 'The tag <function=name> opens it:\n<function=find>\n<parameter=q>\nx\n</parameter>\n</function>',
  },
  {
    what: 'no tools are declared: text',
    from: 'grammar',
    text: '<tool_call>\n<function=get_time>\n</function>\n</tool_call>',
    tools: [],
    content: '<tool_call>\n<function=get_time>\n</function>\n</tool_call>',
  },
  {
    what: 'reasoning with a mention, closer, call',
    from: 'template of Qwen3.5',
    text: 'I will use <tool_call> and <function= tags.\n</think>\n\n<tool_call>\n<function=get_time>\n</function>\n</tool_call>',
    startsIn: 'reasoning',
    tools,
    reasoning: 'I will use <tool_call> and <function= tags.',
    calls: [{ name: 'get_time', arguments: '{}' }],
  },
  {
    what: 'a call in reasoning that never closes',
    from: 'vllm#42400',
    text: '<think>\nTime is needed.\n\n<tool_call>\n<function=get_time>\n</function>\n</tool_call>',
    tools,
    reasoning: 'Time is needed.',
    calls: [{ name: 'get_time', arguments: '{}' }],
  },
  {
    what: 'the same call twice in one wrapper each',
    from: 'dynamo PARSER.15',
    text: '<tool_call>\n<function=get_time>\n</function>\n</tool_call>\n<tool_call>\n<function=get_time>\n</function>\n</tool_call>',
    tools,
    calls: [
      { name: 'get_time', arguments: '{}' },
      { name: 'get_time', arguments: '{}' },
    ],
  },
  {
    what: 'a long value',
    from: 'vllm#30439',
    text: `<tool_call>\n<function=write_file>\n<parameter=content>\n${'a < b "c"\n'.repeat(200)}end\n</parameter>\n</function>\n</tool_call>`,
    tools,
    calls: [{ name: 'write_file', arguments: `{"content":"${'a < b \\"c\\"\\n'.repeat(200)}end"}` }],
  },
  {
    what: 'cut inside a value',
    from: 'cline#13001',
    text: 'Saving.\n<tool_call>\n<function=write_file>\n<parameter=path>\na.md\n</parameter>\n<parameter=content>\nhalf of',
    how: 'length',
    tools,
    content: 'Saving.',
    calls: [{ name: 'write_file', arguments: '{"path":"a.md","content":"half of', state: 'incomplete' }],
  },
  {
    what: 'the same, but the model stopped: a value without a closer is not whole',
    from: 'cline#13001',
    text: '<tool_call>\n<function=write_file>\n<parameter=path>\na.md\n</parameter>\n<parameter=content>\nhalf of',
    tools,
    calls: [{ name: 'write_file', arguments: '{"path":"a.md","content":"half of', state: 'incomplete' }],
  },
  {
    what: 'cut after a whole value',
    from: 'cline#13001',
    text: '<tool_call>\n<function=write_file>\n<parameter=path>\na.md\n</parameter>\n',
    how: 'cut',
    tools,
    calls: [{ name: 'write_file', arguments: '{"path":"a.md"', state: 'incomplete' }],
  },
  {
    what: 'the model stopped after a whole value',
    from: 'grammar',
    text: '<tool_call>\n<function=write_file>\n<parameter=path>\na.md\n</parameter>\n',
    tools,
    calls: [{ name: 'write_file', arguments: '{"path":"a.md"}' }],
  },
  {
    what: 'the text ends inside the opener of another value',
    from: 'grammar',
    text: '<tool_call>\n<function=get_weather>\n<parameter=city>\nParis\n</parameter>\n<parameter=da',
    tools,
    calls: [{ name: 'get_weather', arguments: '{"city":"Paris"', state: 'incomplete' }],
  },
  {
    what: 'cut after the name',
    from: 'grammar',
    text: '<tool_call>\n<function=get_time>\n',
    how: 'length',
    tools,
    calls: [{ name: 'get_time', arguments: '{', state: 'incomplete' }],
  },
  {
    what: 'cut inside the name',
    from: 'vllm#39757',
    text: 'So.\n<tool_call>\n<function=get_wea',
    how: 'length',
    tools,
    content: 'So.',
  },
  {
    what: 'an example in a fence, of a tool that is not declared, and mentions in prose',
    from: 'faults, row 35',
    text: 'Write `<tool_call>` or <tool_call>, then:\n```\n<tool_call>\n<function=example>\n<parameter=a>\nb\n</parameter>\n</function>\n</tool_call>\n```\n',
    tools,
    content:
      'Write `<tool_call>` or <tool_call>, then:\n```\n<tool_call>\n<function=example>\n<parameter=a>\nb\n</parameter>\n</function>\n</tool_call>\n```\n',
  },
]
