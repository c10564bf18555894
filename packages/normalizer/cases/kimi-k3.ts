import type { Case } from '../src/test-case.ts'
import { booking, clock, weather, writer } from './tools.ts'

export const cases: readonly Case[] = [
  {
    what: 'thinks, answers and calls',
    from: 'template of Kimi K3',
    text: `<|open|>think<|sep|>I should look.<|close|>think<|sep|>\
<|open|>response<|sep|>Let me check.<|close|>response<|sep|>\
<|open|>tools<|sep|><|open|>call tool="get_weather" index="1"<|sep|>\
<|open|>argument key="city" type="string"<|sep|>Paris<|close|>argument<|sep|>\
<|open|>argument key="days" type="number"<|sep|>3<|close|>argument<|sep|>\
<|close|>call<|sep|><|close|>tools<|sep|><|close|>message<|sep|>`,
    tools: [weather],
    reasoning: 'I should look.',
    content: 'Let me check.',
    calls: [{ name: 'get_weather', arguments: '{"city":"Paris","days":3}' }],
  },
  {
    what: 'the response opener is prefilled, so only its closer appears',
    from: 'template of Kimi K3',
    text: 'It is sunny.<|close|>response<|sep|><|close|>message<|sep|>',
    content: 'It is sunny.',
  },
  {
    what: 'the think opener is prefilled',
    from: 'template of Kimi K3',
    startsIn: 'reasoning',
    text: 'The sky is blue.<|close|>think<|sep|><|open|>response<|sep|>Sunny.<|close|>response<|sep|><|close|>message<|sep|>',
    reasoning: 'The sky is blue.',
    content: 'Sunny.',
  },
  {
    what: 'the closer says that the text before it was reasoning',
    from: 'grammar',
    startsIn: 'auto',
    text: ' The sky is blue.<|close|>think<|sep|><|open|>response<|sep|>Sunny.<|close|>response<|sep|><|close|>message<|sep|>',
    reasoning: 'The sky is blue.',
    content: 'Sunny.',
  },
  {
    what: 'the closer of the answer says that the text before it was no reasoning',
    from: 'grammar',
    startsIn: 'auto',
    text: 'Sunny.<|close|>response<|sep|><|close|>message<|sep|>',
    content: 'Sunny.',
  },
  {
    what: 'the prefilled think opener is echoed',
    from: 'grammar',
    startsIn: 'reasoning',
    text: '<|open|>think<|sep|>The sky is blue.<|close|>think<|sep|><|open|>response<|sep|>Sunny.<|close|>response<|sep|>',
    reasoning: 'The sky is blue.',
    content: 'Sunny.',
  },
  {
    what: 'an empty think channel adds nothing',
    from: 'template of Kimi K3',
    text: '<|open|>think<|sep|><|close|>think<|sep|><|open|>response<|sep|>Sunny.<|close|>response<|sep|><|close|>message<|sep|>',
    content: 'Sunny.',
  },
  {
    what: 'the end of the message does not leak',
    from: 'vllm#51399',
    text: '<|open|>response<|sep|>Sunny.<|close|>response<|sep|><|close|>message<|sep|><|end_of_msg|>',
    content: 'Sunny.',
  },
  {
    what: 'several calls, one without arguments; the index of the model counts over the conversation',
    from: 'grammar',
    text: `<|open|>tools<|sep|>\
<|open|>call tool="get_weather" index="4"<|sep|>\
<|open|>argument key="city" type="string"<|sep|>Rome<|close|>argument<|sep|><|close|>call<|sep|>\
<|open|>call tool="get_time" index="5"<|sep|><|close|>call<|sep|>\
<|open|>call tool="get_weather" index="6"<|sep|>\
<|open|>argument key="city" type="string"<|sep|>Rome<|close|>argument<|sep|><|close|>call<|sep|>\
<|close|>tools<|sep|><|close|>message<|sep|>`,
    tools: [weather, clock],
    calls: [
      { name: 'get_weather', arguments: '{"city":"Rome"}' },
      { name: 'get_time', arguments: '{}' },
      { name: 'get_weather', arguments: '{"city":"Rome"}' },
    ],
  },
  {
    what: 'every type; JSON is kept as written',
    from: 'grammar',
    text: `<|open|>tools<|sep|><|open|>call tool="book" index="1"<|sep|>\
<|open|>argument key="guests" type="array"<|sep|>[{"name": "Ada", "age": 36}]<|close|>argument<|sep|>\
<|open|>argument key="room" type="object"<|sep|>{"floor": 3, "view": true}<|close|>argument<|sep|>\
<|open|>argument key="price" type="number"<|sep|>1.50<|close|>argument<|sep|>\
<|open|>argument key="breakfast" type="boolean"<|sep|>false<|close|>argument<|sep|>\
<|open|>argument key="coupon" type="null"<|sep|>null<|close|>argument<|sep|>\
<|close|>call<|sep|><|close|>tools<|sep|>`,
    tools: [booking],
    calls: [
      {
        name: 'book',
        arguments:
          '{"guests":[{"name": "Ada", "age": 36}],"room":{"floor": 3, "view": true},"price":1.50,"breakfast":false,"coupon":null}',
      },
    ],
  },
  {
    what: 'a value that is no JSON for its type stays text',
    from: 'grammar',
    text: `<|open|>tools<|sep|><|open|>call tool="get_weather" index="1"<|sep|>\
<|open|>argument key="days" type="number"<|sep|>about three<|close|>argument<|sep|>\
<|close|>call<|sep|><|close|>tools<|sep|>`,
    tools: [weather],
    calls: [{ name: 'get_weather', arguments: '{"days":"about three"}' }],
  },
  {
    what: 'type string is a string whatever the text or the schema says',
    from: 'grammar',
    text: `<|open|>tools<|sep|><|open|>call tool="get_weather" index="1"<|sep|>\
<|open|>argument key="city" type="string"<|sep|>null<|close|>argument<|sep|>\
<|open|>argument key="days" type="string"<|sep|>3<|close|>argument<|sep|>\
<|close|>call<|sep|><|close|>tools<|sep|>`,
    tools: [weather],
    calls: [{ name: 'get_weather', arguments: '{"city":"null","days":"3"}' }],
  },
  {
    what: 'digits beyond 2^53 are kept',
    from: 'grammar',
    text: `<|open|>tools<|sep|><|open|>call tool="get_weather" index="1"<|sep|>\
<|open|>argument key="days" type="number"<|sep|>12345678901234567890<|close|>argument<|sep|>\
<|close|>call<|sep|><|close|>tools<|sep|>`,
    tools: [weather],
    calls: [{ name: 'get_weather', arguments: '{"days":12345678901234567890}' }],
  },
  {
    what: 'entities are decoded in attributes and not in values',
    from: 'grammar',
    text: `<|open|>tools<|sep|><|open|>call tool="get_weather" index="1"<|sep|>\
<|open|>argument key="the &quot;old&quot; town &amp; port" type="string"<|sep|>Fish &amp; chips<|close|>argument<|sep|>\
<|close|>call<|sep|><|close|>tools<|sep|>`,
    tools: [weather],
    calls: [{ name: 'get_weather', arguments: '{"the \\"old\\" town & port":"Fish &amp; chips"}' }],
  },
  {
    what: 'white space inside the markers',
    from: 'grammar',
    text: `<|open|> think <|sep|>Hm.<|close|> think <|sep|><|open|> tools <|sep|>\
<|open|> call tool="get_weather" index="1" <|sep|>\
<|open|> argument key="city" type="string" <|sep|>Paris<|close|> argument <|sep|>\
<|close|> call <|sep|><|close|> tools <|sep|><|close|> message <|sep|>`,
    tools: [weather],
    reasoning: 'Hm.',
    calls: [{ name: 'get_weather', arguments: '{"city":"Paris"}' }],
  },
  {
    what: 'every marker but the closer of an argument is data inside an argument',
    from: 'grammar',
    text: `<|open|>tools<|sep|><|open|>call tool="write_file" index="1"<|sep|>\
<|open|>argument key="content" type="string"<|sep|>a <|close|>call<|sep|> b <|open|>tools<|sep|>
\t"c" </think> <|close|>argumen<|sep|><|close|>argument<|sep|>\
<|close|>call<|sep|><|close|>tools<|sep|>`,
    tools: [writer],
    calls: [
      {
        name: 'write_file',
        arguments:
          '{"content":"a <|close|>call<|sep|> b <|open|>tools<|sep|>\\n\\t\\"c\\" </think> <|close|>argumen<|sep|>"}',
      },
    ],
  },
  {
    what: 'white space and astral characters of a string are kept',
    from: 'grammar',
    text: `<|open|>tools<|sep|><|open|>call tool="write_file" index="1"<|sep|>\
<|open|>argument key="content" type="string"<|sep|>
  if (a) {\\n}  🎉
<|close|>argument<|sep|><|close|>call<|sep|><|close|>tools<|sep|>`,
    tools: [writer],
    calls: [{ name: 'write_file', arguments: '{"content":"\\n  if (a) {\\\\n}  🎉\\n"}' }],
  },
  {
    what: 'all arguments as one JSON object',
    from: 'vLLM structural tag of Kimi K3',
    text: `<|open|>tools<|sep|><|open|>call tool="get_weather" index="1"<|sep|>\
<|open|>json type="object"<|sep|>{"city": "Paris", "days": 3}<|close|>json<|sep|>\
<|close|>call<|sep|><|close|>tools<|sep|>`,
    tools: [weather],
    calls: [{ name: 'get_weather', arguments: '{"city": "Paris", "days": 3}' }],
  },
  {
    what: 'an argument without a type takes it from the schema',
    from: 'grammar',
    text: `<|open|>tools<|sep|><|open|>call tool="get_weather" index="1"<|sep|>\
<|open|>argument key="city"<|sep|>75001<|close|>argument<|sep|>\
<|open|>argument key="days"<|sep|>3<|close|>argument<|sep|>\
<|close|>call<|sep|><|close|>tools<|sep|>`,
    tools: [weather],
    calls: [{ name: 'get_weather', arguments: '{"city":"75001","days":3}' }],
  },
  {
    what: 'an unknown tool is forwarded',
    from: 'smg#1728',
    text: `<|open|>tools<|sep|><|open|>call tool="get_tide" index="1"<|sep|>\
<|open|>argument key="port" type="string"<|sep|>Brest<|close|>argument<|sep|>\
<|close|>call<|sep|><|close|>tools<|sep|>`,
    tools: [weather],
    calls: [{ name: 'get_tide', arguments: '{"port":"Brest"}' }],
  },
  {
    what: 'without declared tools the call is still taken out of the text',
    from: 'grammar',
    tools: [],
    text: `<|open|>response<|sep|>One moment.<|close|>response<|sep|>
<|open|>tools<|sep|><|open|>call tool="get_time" index="1"<|sep|><|close|>call<|sep|><|close|>tools<|sep|>`,
    content: 'One moment.',
    calls: [{ name: 'get_time', arguments: '{}' }],
  },
  {
    what: 'tools that open inside unclosed thinking end it',
    from: 'grammar',
    startsIn: 'reasoning',
    text: `I need the weather.
<|open|>tools<|sep|><|open|>call tool="get_weather" index="1"<|sep|>\
<|open|>argument key="city" type="string"<|sep|>Paris<|close|>argument<|sep|>\
<|close|>call<|sep|><|close|>tools<|sep|>`,
    tools: [weather],
    reasoning: 'I need the weather.',
    calls: [{ name: 'get_weather', arguments: '{"city":"Paris"}' }],
  },
  {
    what: 'text after the tools',
    from: 'grammar',
    text: `<|open|>response<|sep|>Looking.<|close|>response<|sep|>\
<|open|>tools<|sep|><|open|>call tool="get_time" index="1"<|sep|><|close|>call<|sep|><|close|>tools<|sep|> Done.`,
    tools: [clock],
    content: 'Looking. Done.',
    calls: [{ name: 'get_time', arguments: '{}' }],
  },
  ...(['length', 'cut', 'stop'] as const).map(
    (how): Case => ({
      what: `a string that ends in the middle with ${how}`,
      from: 'grammar',
      how,
      text: `<|open|>tools<|sep|><|open|>call tool="write_file" index="1"<|sep|>\
<|open|>argument key="path" type="string"<|sep|>a.ts<|close|>argument<|sep|>\
<|open|>argument key="content" type="string"<|sep|>let a = "b`,
      tools: [writer],
      calls: [{ name: 'write_file', arguments: '{"path":"a.ts","content":"let a = \\"b', state: 'incomplete' }],
    }),
  ),
  {
    what: 'a number that ends in the middle is not given out',
    from: 'grammar',
    how: 'length',
    text: `<|open|>tools<|sep|><|open|>call tool="get_weather" index="1"<|sep|>\
<|open|>argument key="city" type="string"<|sep|>Paris<|close|>argument<|sep|>\
<|open|>argument key="days" type="number"<|sep|>1`,
    tools: [weather],
    calls: [{ name: 'get_weather', arguments: '{"city":"Paris"', state: 'incomplete' }],
  },
  {
    what: 'all values closed, closers missing, ended by itself',
    from: 'grammar',
    text: `<|open|>tools<|sep|><|open|>call tool="get_weather" index="1"<|sep|>\
<|open|>argument key="city" type="string"<|sep|>Paris<|close|>argument<|sep|>`,
    tools: [weather],
    calls: [{ name: 'get_weather', arguments: '{"city":"Paris"}' }],
  },
  {
    what: 'all values closed, closers missing, cut by the token limit',
    from: 'grammar',
    how: 'length',
    text: `<|open|>tools<|sep|><|open|>call tool="get_weather" index="1"<|sep|>\
<|open|>argument key="city" type="string"<|sep|>Paris<|close|>argument<|sep|>`,
    tools: [weather],
    calls: [{ name: 'get_weather', arguments: '{"city":"Paris"', state: 'incomplete' }],
  },
  {
    what: 'a name that is not complete is no call',
    from: 'grammar',
    how: 'cut',
    text: '<|open|>response<|sep|>Looking.<|close|>response<|sep|><|open|>tools<|sep|><|open|>call tool="get_wea',
    tools: [weather],
    content: 'Looking.',
  },
  {
    what: 'a tag nobody knows is text',
    from: 'grammar',
    text: 'The tag <|open|>banana<|sep|> is <|close| not one of ours.',
    tools: [weather],
    content: 'The tag <|open|>banana<|sep|> is <|close| not one of ours.',
  },
  {
    what: 'markers quoted in inline code',
    from: 'grammar',
    text: 'K3 writes `<|open|>think<|sep|>` first.',
    tools: [weather],
    content: 'K3 writes `<|open|>think<|sep|>` first.',
  },
  {
    what: 'a call of no declared tool quoted in a fence',
    from: 'decisions',
    text: `Like this:
\`\`\`
<|open|>tools<|sep|><|open|>call tool="NAME" index="1"<|sep|><|close|>call<|sep|><|close|>tools<|sep|>
\`\`\`
That is all.`,
    tools: [weather],
    content: `Like this:
\`\`\`
<|open|>tools<|sep|><|open|>call tool="NAME" index="1"<|sep|><|close|>call<|sep|><|close|>tools<|sep|>
\`\`\`
That is all.`,
  },
  {
    what: 'an attribute with < in it',
    from: 'grammar',
    text: `<|open|>tools<|sep|><|open|>call tool="get_weather" index="1"<|sep|>\
<|open|>argument key="a<b" type="string"<|sep|>c<|close|>argument<|sep|><|close|>call<|sep|><|close|>tools<|sep|>`,
    tools: [weather],
    calls: [{ name: 'get_weather', arguments: '{"a<b":"c"}' }],
  },
  {
    what: 'the closers of calls and of the tools are missing',
    from: 'grammar',
    text: `<|open|>tools<|sep|><|open|>call tool="get_weather" index="1"<|sep|>\
<|open|>argument key="city" type="string"<|sep|>Rome<|close|>argument<|sep|>\
<|open|>call tool="get_weather" index="2"<|sep|>\
<|open|>argument key="city" type="string"<|sep|>Oslo<|close|>argument<|sep|><|close|>message<|sep|>`,
    tools: [weather],
    calls: [
      { name: 'get_weather', arguments: '{"city":"Rome"}' },
      { name: 'get_weather', arguments: '{"city":"Oslo"}' },
    ],
  },
  {
    what: 'a declared tool called in a fence is a call',
    from: 'decisions',
    text: `\`\`\`
<|open|>tools<|sep|><|open|>call tool="get_time" index="1"<|sep|><|close|>call<|sep|><|close|>tools<|sep|>
\`\`\``,
    tools: [clock],
    content: '```\n\n```',
    calls: [{ name: 'get_time', arguments: '{}' }],
  },
]
