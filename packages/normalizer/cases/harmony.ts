import type { Case } from '../src/test-case.ts'
import { clock, dotted, weather, writer } from './tools.ts'

const search = {
  type: 'function',
  function: { name: 'browser.search', parameters: { type: 'object', properties: { query: { type: 'string' } } } },
} as const

export const cases: readonly Case[] = [
  {
    what: 'analysis, then a call, with its stop token',
    from: 'harmony guide of gpt-oss',
    text: `<|channel|>analysis<|message|>I need the weather.<|end|>\
<|start|>assistant<|channel|>commentary to=functions.get_weather <|constrain|>json<|message|>{"city": "Paris"}<|call|>`,
    tools: [weather],
    reasoning: 'I need the weather.',
    calls: [{ name: 'get_weather', arguments: '{"city": "Paris"}' }],
  },
  {
    what: 'analysis, then the final answer, the stop token taken off',
    from: 'harmony guide of gpt-oss',
    text: '<|channel|>analysis<|message|>The sky is blue.<|end|><|start|>assistant<|channel|>final<|message|>It is sunny.',
    reasoning: 'The sky is blue.',
    content: 'It is sunny.',
  },
  {
    what: 'the final answer alone, with its stop token',
    from: 'harmony guide of gpt-oss',
    text: '<|channel|>final<|message|>It is sunny.<|return|>',
    content: 'It is sunny.',
  },
  {
    what: 'the prefilled start of the first message is echoed',
    from: 'grammar',
    text: '<|start|>assistant<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant<|channel|>final<|message|>Sunny.<|return|>',
    reasoning: 'Hm.',
    content: 'Sunny.',
  },
  {
    what: 'prefilled up to the text of the analysis',
    from: 'grammar',
    startsIn: 'reasoning',
    text: 'The sky is blue.<|end|><|start|>assistant<|channel|>final<|message|>It is sunny.<|return|>',
    reasoning: 'The sky is blue.',
    content: 'It is sunny.',
  },
  {
    what: 'prefilled up to the text of the analysis, and echoed',
    from: 'grammar',
    startsIn: 'reasoning',
    text: '<|channel|>analysis<|message|>The sky is blue.<|end|><|start|>assistant<|channel|>final<|message|>It is sunny.<|return|>',
    reasoning: 'The sky is blue.',
    content: 'It is sunny.',
  },
  {
    what: 'what stands before the end of a first message, if another one follows, was reasoning',
    from: 'grammar',
    startsIn: 'auto',
    text: 'The sky is blue.<|end|>\n<|start|>assistant<|channel|>final<|message|>It is sunny.<|return|>',
    reasoning: 'The sky is blue.',
    content: 'It is sunny.',
  },
  {
    what: 'of an only message the text is the answer',
    from: 'grammar',
    startsIn: 'auto',
    text: 'It is sunny. <|end|>',
    content: 'It is sunny.',
  },
  {
    what: 'text before a call was no reasoning',
    from: 'grammar',
    startsIn: 'auto',
    text: 'Let me see.<|channel|>commentary to=functions.get_weather<|message|>{"city":"Paris"}<|call|>',
    tools: [weather],
    content: 'Let me see.',
    calls: [{ name: 'get_weather', arguments: '{"city":"Paris"}' }],
  },
  {
    what: 'a call on the analysis channel is a call',
    from: 'dynamo PR 10366',
    text: '<|channel|>analysis to=functions.get_weather <|constrain|>json<|message|>{"city":"Paris"}<|call|>',
    tools: [weather],
    calls: [{ name: 'get_weather', arguments: '{"city":"Paris"}' }],
  },
  {
    what: 'the recipient stands with the role',
    from: 'grammar',
    text: '<|start|>assistant to=functions.get_weather<|channel|>commentary <|constrain|>json<|message|>{"city":"Paris"}<|call|>',
    tools: [weather],
    calls: [{ name: 'get_weather', arguments: '{"city":"Paris"}' }],
  },
  {
    what: 'a content type without its marker, and none at all',
    from: 'grammar',
    text: `<|channel|>commentary to=functions.get_weather json<|message|>{"city":"Rome"}<|call|>\
<|start|>assistant<|channel|>commentary to=functions.get_weather<|message|>{"city":"Oslo"}<|call|>`,
    tools: [weather],
    calls: [
      { name: 'get_weather', arguments: '{"city":"Rome"}' },
      { name: 'get_weather', arguments: '{"city":"Oslo"}' },
    ],
  },
  {
    what: 'several calls, equal ones too, one without arguments, one with an empty body',
    from: 'grammar',
    text: `<|channel|>commentary to=functions.get_weather <|constrain|>json<|message|>{"city":"Rome"}<|call|>\
<|start|>assistant<|channel|>commentary to=functions.get_time <|constrain|>json<|message|>{}<|call|>\
<|start|>assistant<|channel|>commentary to=functions.get_time<|message|><|call|>\
<|start|>assistant<|channel|>commentary to=functions.get_weather <|constrain|>json<|message|>{"city":"Rome"}<|call|>`,
    tools: [weather, clock],
    calls: [
      { name: 'get_weather', arguments: '{"city":"Rome"}' },
      { name: 'get_time', arguments: '{}' },
      { name: 'get_time', arguments: '{}' },
      { name: 'get_weather', arguments: '{"city":"Rome"}' },
    ],
  },
  {
    what: 'commentary without a recipient is a preamble for the reader',
    from: 'harmony guide of gpt-oss',
    text: `<|channel|>analysis<|message|>Plan.<|end|><|start|>assistant<|channel|>commentary<|message|>I will look.<|end|>\
<|start|>assistant<|channel|>commentary to=functions.get_time <|constrain|>json<|message|>{}<|call|>`,
    tools: [clock],
    reasoning: 'Plan.',
    content: 'I will look.',
    calls: [{ name: 'get_time', arguments: '{}' }],
  },
  {
    what: 'messages of one channel are joined by a line break',
    from: 'grammar',
    text: `<|channel|>analysis<|message|>One.<|end|><|start|>assistant<|channel|>analysis<|message|>Two.<|end|>\
<|start|>assistant<|channel|>final<|message|>Three.<|end|><|start|>assistant<|channel|>final<|message|>Four.<|return|>`,
    reasoning: 'One.\nTwo.',
    content: 'Three.\nFour.',
  },
  {
    what: 'the next message ends the one before',
    from: 'grammar',
    text: `<|channel|>analysis<|message|>Plan.<|start|>assistant<|channel|>commentary to=functions.get_time <|constrain|>json<|message|>{}\
<|start|>assistant<|channel|>final<|message|>Done.`,
    tools: [clock],
    reasoning: 'Plan.',
    content: 'Done.',
    calls: [{ name: 'get_time', arguments: '{}' }],
  },
  {
    what: 'another recipient is a call with its whole name where it is declared',
    from: 'grammar',
    text: '<|channel|>analysis to=browser.search code<|message|>{"query": "tides"}<|call|>',
    tools: [search],
    calls: [{ name: 'browser.search', arguments: '{"query": "tides"}' }],
  },
  {
    what: 'another recipient that is not declared is reasoning',
    from: 'grammar',
    text: '<|channel|>analysis to=python code<|message|>print(1)<|call|><|start|>assistant<|channel|>final<|message|>1<|return|>',
    tools: [weather],
    reasoning: 'print(1)',
    content: '1',
  },
  {
    what: 'an unknown function is forwarded, without its namespace',
    from: 'smg#1728',
    text: '<|channel|>commentary to=functions.get_tide <|constrain|>json<|message|>{"port":"Brest"}<|call|>',
    tools: [weather],
    calls: [{ name: 'get_tide', arguments: '{"port":"Brest"}' }],
  },
  {
    what: 'a dotted name of a declared function',
    from: 'grammar',
    text: '<|channel|>commentary to=functions.files.read-all <|constrain|>json<|message|>{"path":"a"}<|call|>',
    tools: [dotted],
    calls: [{ name: 'files.read-all', arguments: '{"path":"a"}' }],
  },
  {
    what: 'the tokens inside a string of the arguments are data',
    from: 'grammar',
    text: `<|channel|>commentary to=functions.write_file <|constrain|>json<|message|>\
{"content": "<|call|> <|end|> <|start|>assistant<|channel|>final<|message|>{[\\"]}"}<|call|>`,
    tools: [writer],
    calls: [
      {
        name: 'write_file',
        arguments: '{"content": "<|call|> <|end|> <|start|>assistant<|channel|>final<|message|>{[\\"]}"}',
      },
    ],
  },
  {
    what: 'nested arguments on several lines stay as written',
    from: 'grammar',
    text: `<|channel|>commentary to=functions.probe <|constrain|>json<|message|>{
  "a": {"b": [1, 2.50, null]},
  "id": 12345678901234567890
}<|call|>`,
    tools: [weather],
    calls: [{ name: 'probe', arguments: '{\n  "a": {"b": [1, 2.50, null]},\n  "id": 12345678901234567890\n}' }],
  },
  {
    what: 'text without any channel is content',
    from: 'grammar',
    text: '  It is sunny.\n',
    content: '  It is sunny.\n',
  },
  {
    what: 'the tokens were taken out upstream, and nobody said so',
    from: 'grammar',
    text: 'analysisThe sky is blue.assistantfinalIt is sunny.',
    content: 'analysisThe sky is blue.assistantfinalIt is sunny.',
  },
  ...(['length', 'cut', 'stop'] as const).map(
    (how): Case => ({
      what: `arguments that end in a string with ${how}`,
      from: 'grammar',
      how,
      text: '<|channel|>commentary to=functions.write_file <|constrain|>json<|message|>{"path": "a.ts", "content": "let a',
      tools: [writer],
      calls: [{ name: 'write_file', arguments: '{"path": "a.ts", "content": "let a', state: 'incomplete' }],
    }),
  ),
  {
    what: 'the stop token was taken off behind the arguments',
    from: 'grammar',
    text: '<|channel|>commentary to=functions.get_weather <|constrain|>json<|message|>{"city": "Paris"}',
    tools: [weather],
    calls: [{ name: 'get_weather', arguments: '{"city": "Paris"}' }],
  },
  {
    what: 'the closing brace is missing, ended by itself',
    from: 'grammar',
    text: '<|channel|>commentary to=functions.get_weather <|constrain|>json<|message|>{"city": "Paris"<|call|>',
    tools: [weather],
    calls: [{ name: 'get_weather', arguments: '{"city": "Paris"}' }],
  },
  {
    what: 'a name that is not complete is no call',
    from: 'grammar',
    how: 'length',
    text: '<|channel|>analysis<|message|>Plan.<|end|><|start|>assistant<|channel|>commentary to=functions.get_wea',
    tools: [weather],
    reasoning: 'Plan.',
  },
  {
    what: 'a channel nobody knows is text',
    from: 'grammar',
    text: 'The token <|channel|>banana<|message|> means nothing.',
    content: 'The token <|channel|>banana<|message|> means nothing.',
  },
  {
    what: 'the answer speaks about the tokens',
    from: 'grammar',
    text: '<|channel|>final<|message|>A message begins with `<|channel|>final<|message|>`, see <|constrain|>.',
    content: 'A message begins with `<|channel|>final<|message|>`, see <|constrain|>.',
  },
  {
    what: 'another recipient that is not declared, on the commentary channel',
    from: 'grammar',
    text: '<|channel|>commentary to=python code<|message|>print(1)<|call|><|start|>assistant<|channel|>final<|message|>1',
    tools: [weather],
    reasoning: 'print(1)',
    content: '1',
  },
  {
    what: 'a string that is never closed ends at the last token in it',
    from: 'grammar',
    text: '<|channel|>commentary to=functions.get_weather <|constrain|>json<|message|>{"city": "Par<|call|>',
    tools: [weather],
    calls: [{ name: 'get_weather', arguments: '{"city": "Par', state: 'incomplete' }],
  },
  {
    what: 'a preamble and a final answer are joined by a line break, whatever the channel',
    from: 'grammar',
    text: '<|channel|>commentary<|message|>I will look.<|end|><|start|>assistant<|channel|>final<|message|>Sunny.<|return|>',
    content: 'I will look.\nSunny.',
  },
  {
    what: 'a code fence that is never closed does not keep the message open',
    from: 'grammar',
    text: '<|channel|>commentary<|message|>Look:\n```\na<|end|><|start|>assistant<|channel|>commentary to=functions.get_time<|message|>{}<|call|>',
    tools: [clock],
    content: 'Look:\n```\na',
    calls: [{ name: 'get_time', arguments: '{}' }],
  },
]
