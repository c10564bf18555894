import type { Case } from '../src/test-case.ts'
import { clock, weather, writer } from './tools.ts'

const tools = [weather, clock, writer]

export const cases: readonly Case[] = [
  {
    what: 'a fenced object with one call, arguments as a string',
    from: 'grammar',
    text: String.raw`${'```'}json
{"tool_calls": [{"id": "call_1", "type": "function", "function": {"name": "get_weather", "arguments": "{\"city\": \"Paris\"}"}}]}
${'```'}`,
    tools,
    calls: [{ name: 'get_weather', id: 'call_1', arguments: '{"city": "Paris"}' }],
  },
  {
    what: 'arguments as an object',
    from: 'grammar',
    text: '```json\n{"tool_calls": [{"function": {"name": "get_weather", "arguments": {"city": "Paris"}}}]}\n```',
    tools,
    calls: [{ name: 'get_weather', arguments: '{"city": "Paris"}' }],
  },
  {
    what: 'without a fence, over several lines, two calls',
    from: 'grammar',
    text: `{
  "tool_calls": [
    {"id": "a", "type": "function", "function": {"name": "get_weather", "arguments": {"city": "Paris"}}},
    {"id": "b", "type": "function", "function": {"name": "get_time", "arguments": "{}"}}
  ]
}`,
    tools,
    calls: [
      { name: 'get_weather', id: 'a', arguments: '{"city": "Paris"}' },
      { name: 'get_time', id: 'b', arguments: '{}' },
    ],
  },
  {
    what: 'text before and after a fence without a language',
    from: 'grammar',
    text: 'Let me see.\n```\n{"tool_calls": [{"id": "a", "function": {"name": "get_time", "arguments": {}}}]}\n```\nOne moment.',
    tools,
    content: 'Let me see.\n\nOne moment.',
    calls: [{ name: 'get_time', id: 'a', arguments: '{}' }],
  },
  {
    what: 'a decoded string with quotes, line breaks, fences and split escapes',
    from: 'grammar',
    text: String.raw`${'```'}json
{"tool_calls": [{"id": "a", "type": "function", "function": {"name": "write_file", "arguments": "{\"path\": \"C:\\\\x\", \"content\": \"${'```'}js\\n\\\"q\\\" \u00e9 }]}\\n${'```'}\"}"}}]}
${'```'}`,
    tools,
    calls: [
      {
        name: 'write_file',
        id: 'a',
        arguments: String.raw`{"path": "C:\\x", "content": "${'```'}js\n\"q\" é }]}\n${'```'}"}`,
      },
    ],
  },
  {
    what: 'arguments before the name',
    from: 'grammar',
    text: '{"tool_calls": [{"id": "a", "function": {"arguments": {"city": "Paris"}, "name": "get_weather"}}]}',
    tools,
    calls: [{ name: 'get_weather', id: 'a', arguments: '{"city": "Paris"}' }],
  },
  {
    what: 'no arguments, in four spellings',
    from: 'vllm#44326',
    text: '{"tool_calls": [{"id":"a","function":{"name":"get_time"}},{"id":"b","function":{"name":"get_time","arguments":null}},{"id":"c","function":{"name":"get_time","arguments":""}},{"id":"d","function":{"name":"get_time","arguments":{}}}]}',
    tools,
    calls: [
      { name: 'get_time', id: 'a', arguments: '{}' },
      { name: 'get_time', id: 'b', arguments: '{}' },
      { name: 'get_time', id: 'c', arguments: '{}' },
      { name: 'get_time', id: 'd', arguments: '{}' },
    ],
  },
  {
    what: 'other keys behind the list',
    from: 'grammar',
    text: 'So:\n```json\n{"tool_calls": [{"id": "a", "function": {"name": "get_time", "arguments": {}}}], "content": null}\n```\nDone.',
    tools,
    content: 'So:\n\nDone.',
    calls: [{ name: 'get_time', id: 'a', arguments: '{}' }],
  },
  {
    what: 'a text behind the list',
    from: 'grammar',
    text: '{"tool_calls": [{"id": "a", "function": {"name": "get_time", "arguments": {}}}], "content": "Wait."}',
    tools,
    content: ', "content": "Wait."}',
    calls: [{ name: 'get_time', id: 'a', arguments: '{}' }],
  },
  {
    what: 'a fenced call of a declared tool without the list',
    from: 'grammar',
    text: 'So:\n```json\n{"name": "get_weather", "arguments": {"city": "Paris"}}\n```',
    tools,
    content: 'So:',
    calls: [{ name: 'get_weather', arguments: '{"city": "Paris"}' }],
  },
  {
    what: 'a fenced array of such calls',
    from: 'grammar',
    text: '```json\n[{"name": "get_weather", "arguments": {"city": "Paris"}}, {"name": "get_time", "arguments": {}}]\n```',
    tools,
    calls: [
      { name: 'get_weather', arguments: '{"city": "Paris"}' },
      { name: 'get_time', arguments: '{}' },
    ],
  },
  {
    what: 'a fenced object of a tool that is not declared is text',
    from: 'faults, row 35',
    text: 'So:\n```json\n{"name": "example", "arguments": {"city": "Paris"}}\n```\n',
    tools,
    content: 'So:\n```json\n{"name": "example", "arguments": {"city": "Paris"}}\n```\n',
  },
  {
    what: 'other JSON and other fences are text',
    from: 'grammar',
    text: '```json\n{"a": [1, {"tool_calls": "none"}]}\n```\n```ts\nconst tool_calls = [{}]\n```\n{"tool_calls": 3}',
    tools,
    content: '```json\n{"a": [1, {"tool_calls": "none"}]}\n```\n```ts\nconst tool_calls = [{}]\n```\n{"tool_calls": 3}',
  },
  {
    what: 'an empty list of calls is text',
    from: 'grammar',
    text: '{"tool_calls": []}',
    tools,
    content: '{"tool_calls": []}',
  },
  {
    what: 'no tools are declared: text',
    from: 'grammar',
    text: '```json\n{"tool_calls": [{"function": {"name": "get_time", "arguments": {}}}]}\n```',
    tools: [],
    content: '```json\n{"tool_calls": [{"function": {"name": "get_time", "arguments": {}}}]}\n```',
  },
  {
    what: 'the sentence that one proxy asks for, with text around it',
    from: 'grammar',
    text: '好的。\n调用函数: get_weather 参数: {"city": "Paris"}\n完成。',
    tools,
    content: '好的。\n\n完成。',
    calls: [{ name: 'get_weather', arguments: '{"city": "Paris"}' }],
  },
  {
    what: 'the same with full-width colons',
    from: 'grammar',
    text: '调用函数：get_weather 参数：{"city": "Paris"}',
    tools,
    calls: [{ name: 'get_weather', arguments: '{"city": "Paris"}' }],
  },
  {
    what: 'sentences with such words are text',
    from: 'grammar',
    text: '调用函数: get_weather 参数: 城市。调用函数(x)。调用函数: {"a": 1}',
    tools,
    content: '调用函数: get_weather 参数: 城市。调用函数(x)。调用函数: {"a": 1}',
  },
  {
    what: 'an unknown tool in the list',
    from: 'smg#1728',
    text: '{"tool_calls": [{"id": "a", "function": {"name": "find", "arguments": {"q": 1}}}]}',
    tools,
    calls: [{ name: 'find', id: 'a', arguments: '{"q": 1}' }],
  },
  {
    what: 'a trailing comma and Python literals',
    from: 'faults, row 36',
    text: `{"tool_calls": [{"id": "a", "function": {"name": "find", "arguments": {"q": None, "r": 'x',}}}]}`,
    tools,
    calls: [{ name: 'find', id: 'a', arguments: '{"q": null, "r": "x"}' }],
  },
  {
    what: 'reasoning before it',
    from: 'wire of K2-Think',
    text: '<think>Time is needed.</think>\n```json\n{"tool_calls": [{"id": "a", "function": {"name": "get_time", "arguments": {}}}]}\n```',
    tools,
    reasoning: 'Time is needed.',
    calls: [{ name: 'get_time', id: 'a', arguments: '{}' }],
  },
  {
    what: 'the closing fence is missing',
    from: 'grammar',
    text: '```json\n{"tool_calls": [{"id": "a", "function": {"name": "get_time", "arguments": {}}}]}\n',
    tools,
    calls: [{ name: 'get_time', id: 'a', arguments: '{}' }],
  },
  {
    what: 'cut inside an encoded string',
    from: 'cline#13001',
    text: String.raw`So.
${'```'}json
{"tool_calls": [{"id": "a", "function": {"name": "write_file", "arguments": "{\"path\": \"a\", \"content\": \"half`,
    how: 'length',
    tools,
    content: 'So.',
    calls: [{ name: 'write_file', id: 'a', arguments: '{"path": "a", "content": "half', state: 'incomplete' }],
  },
  {
    what: 'cut before the name',
    from: 'grammar',
    text: 'So.\n```json\n{"tool_calls": [{"id": "a", "function": {"na',
    how: 'cut',
    tools,
    content: 'So.',
  },
  {
    what: 'cut before anything says that it is a call',
    from: 'grammar',
    text: 'So.\n```json\n{"tool_ca',
    how: 'length',
    tools,
    content: 'So.\n```json\n{"tool_ca',
  },
  {
    what: 'a whole message: role and empty content before the list',
    from: 'shape of the OpenAI API',
    text: '{"role": "assistant", "content": null, "tool_calls": [{"id": "a", "type": "function", "function": {"name": "get_time", "arguments": "{}"}}]}',
    tools,
    calls: [{ name: 'get_time', id: 'a', arguments: '{}' }],
  },
  {
    what: 'the same in a fence, in other words, with an empty list',
    from: 'shape of the OpenAI API',
    text: '```json\n{\n  "content": "",\n  "annotations": [],\n  "tool_calls": [{"id": "a", "function": {"name": "get_time", "arguments": {}}}],\n  "role": "assistant"\n}\n```\nDone.',
    tools,
    content: 'Done.',
    calls: [{ name: 'get_time', id: 'a', arguments: '{}' }],
  },
  {
    what: 'content that says something makes the message text',
    from: 'grammar, nothing is lost',
    text: '{"role": "assistant", "content": "I look it up.", "tool_calls": [{"id": "a", "function": {"name": "get_time", "arguments": {}}}]}',
    tools,
    content:
      '{"role": "assistant", "content": "I look it up.", "tool_calls": [{"id": "a", "function": {"name": "get_time", "arguments": {}}}]}',
  },
  {
    what: 'another role, as in an example of a conversation, is text',
    from: 'grammar',
    text: '{"role": "user", "content": null, "tool_calls": [{"id": "a", "function": {"name": "get_time", "arguments": {}}}]}',
    tools,
    content:
      '{"role": "user", "content": null, "tool_calls": [{"id": "a", "function": {"name": "get_time", "arguments": {}}}]}',
  },
]
