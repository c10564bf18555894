import type { Case } from '../src/test-case.ts'
import { booking, clock, dotted, weather, writer } from './tools.ts'

export const cases: readonly Case[] = [
  {
    what: 'one call',
    from: 'Llama 3.2 prompt format',
    text: "[get_weather(city='Paris', days=3)]",
    tools: [weather],
    calls: [{ name: 'get_weather', arguments: '{"city":"Paris","days":3}' }],
  },
  {
    what: 'several calls, equal ones too, one without arguments',
    from: 'Llama 3.2 prompt format',
    text: '[get_weather(city="Rome"), get_time(), get_weather(city="Rome")]',
    tools: [weather, clock],
    calls: [
      { name: 'get_weather', arguments: '{"city":"Rome"}' },
      { name: 'get_time', arguments: '{}' },
      { name: 'get_weather', arguments: '{"city":"Rome"}' },
    ],
  },
  {
    what: 'white space and line breaks wherever Python has them, a trailing comma too',
    from: 'grammar',
    text: `[
  get_weather (
    city = "Rome" ,
    days = 3,
  ) ,
  get_time( )
]`,
    tools: [weather, clock],
    calls: [
      { name: 'get_weather', arguments: '{"city":"Rome","days":3}' },
      { name: 'get_time', arguments: '{}' },
    ],
  },
  {
    what: 'text before and after, on the same line',
    from: 'grammar',
    text: 'Let me look [get_time()] and then answer.',
    tools: [clock],
    content: 'Let me look  and then answer.',
    calls: [{ name: 'get_time', arguments: '{}' }],
  },
  {
    what: 'text before and after, on lines of their own',
    from: 'grammar',
    text: 'Let me look.\n[get_time()]\nDone.',
    tools: [clock],
    content: 'Let me look.\n\nDone.',
    calls: [{ name: 'get_time', arguments: '{}' }],
  },
  {
    what: 'literals of Python and of JSON',
    from: 'grammar',
    text: '[probe(a=True, b=False, c=None, d=true, e=false, f=null, g=-1.5e3, h=0)]',
    tools: [weather],
    calls: [
      {
        name: 'probe',
        arguments: '{"a":true,"b":false,"c":null,"d":true,"e":false,"f":null,"g":-1.5e3,"h":0}',
      },
    ],
  },
  {
    what: 'nested lists, dicts and tuples',
    from: 'grammar',
    text: `[book(guests=[{'name': 'Ada', 'age': 36}, {'name': 'Bo'}], room={'floor': 3, 'view': True}, tags=('sea', 'sun'), nothing=[], none={})]`,
    tools: [booking],
    calls: [
      {
        name: 'book',
        arguments:
          '{"guests":[{"name":"Ada","age":36},{"name":"Bo"}],"room":{"floor":3,"view":true},"tags":["sea","sun"],"nothing":[],"none":{}}',
      },
    ],
  },
  {
    what: 'closers, brackets, commas and calls inside strings',
    from: 'SGLang suite',
    text: `[write_file(path="a)],b", content='[get_time()] = {"k": 1};')]`,
    tools: [writer],
    calls: [{ name: 'write_file', arguments: '{"path":"a)],b","content":"[get_time()] = {\\"k\\": 1};"}' }],
  },
  {
    what: 'single, double and triple quotes, each holding the others',
    from: 'grammar',
    text: `[probe(a='say "hi"', b="it's", c='''one 'two' "three"
four''', d="""x "y" z""", e='', f="")]`,
    tools: [weather],
    calls: [
      {
        name: 'probe',
        arguments:
          '{"a":"say \\"hi\\"","b":"it\'s","c":"one \'two\' \\"three\\"\\nfour","d":"x \\"y\\" z","e":"","f":""}',
      },
    ],
  },
  {
    what: 'escapes of Python',
    from: 'grammar',
    text: String.raw`[probe(a='it\'s', b="\"q\"", c='a\nb\tc\\d', d='\x41\u00e9\U0001F389', e='\d')]`,
    tools: [weather],
    calls: [
      {
        name: 'probe',
        arguments: String.raw`{"a":"it's","b":"\"q\"","c":"a\nb\tc\\d","d":"Aé🎉","e":"\\d"}`,
      },
    ],
  },
  {
    what: 'a dotted name with a hyphen, declared',
    from: 'grammar',
    text: "[files.read-all(path='a.txt')]",
    tools: [dotted],
    calls: [{ name: 'files.read-all', arguments: '{"path":"a.txt"}' }],
  },
  {
    what: 'positional arguments of a declared tool take the order of its properties',
    from: 'grammar',
    text: "[get_weather('Paris', days=3), get_weather('Rome', 2)]",
    tools: [weather],
    calls: [
      { name: 'get_weather', arguments: '{"city":"Paris","days":3}' },
      { name: 'get_weather', arguments: '{"city":"Rome","days":2}' },
    ],
  },
  {
    what: 'positional arguments of no declared tool are no call',
    from: 'grammar',
    text: 'Use [printf(3)](https://man7.org) or [len("abc")] here.',
    tools: [weather],
    content: 'Use [printf(3)](https://man7.org) or [len("abc")] here.',
  },
  {
    what: 'an unknown tool is forwarded',
    from: 'smg#1728',
    text: "[get_tide(port='Brest')]",
    tools: [weather],
    calls: [{ name: 'get_tide', arguments: '{"port":"Brest"}' }],
  },
  {
    what: 'lists and links are text',
    from: 'grammar',
    text: 'Take [1, 2], [a](https://x.org/f(1)), [get_weather] and [ "get_weather(" ].',
    tools: [weather],
    content: 'Take [1, 2], [a](https://x.org/f(1)), [get_weather] and [ "get_weather(" ].',
  },
  {
    what: 'a link whose text looks like a call is text',
    from: 'grammar',
    text: 'See [main()](https://x.org).',
    tools: [weather],
    content: 'See [main()](https://x.org).',
  },
  {
    what: 'without declared tools nothing is a call',
    from: 'grammar',
    tools: [],
    text: "[get_weather(city='Paris')]",
    content: "[get_weather(city='Paris')]",
  },
  {
    what: 'what looks like a call of an undeclared function in a code fence',
    from: 'decisions',
    text: '```python\nxs = [dict(a=1)]\nys = [range(stop=3)]\n```\nThat is all.',
    tools: [weather],
    content: '```python\nxs = [dict(a=1)]\nys = [range(stop=3)]\n```\nThat is all.',
  },
  {
    what: 'a declared tool called in a fence is a call',
    from: 'decisions',
    text: '```python\n[get_time()]\n```',
    tools: [clock],
    content: '```python\n\n```',
    calls: [{ name: 'get_time', arguments: '{}' }],
  },
  {
    what: 'reasoning, then a call',
    from: 'DeepSeek-R1 distills',
    startsIn: 'reasoning',
    text: "I need the weather.\n</think>\n\n[get_weather(city='Paris')]",
    tools: [weather],
    reasoning: 'I need the weather.',
    calls: [{ name: 'get_weather', arguments: '{"city":"Paris"}' }],
  },
  {
    what: 'a call inside unclosed reasoning ends it',
    from: 'grammar',
    startsIn: 'reasoning',
    text: "<think>\nI need [1, 2] and the weather.\n[get_weather(city='Paris')]",
    tools: [weather],
    reasoning: 'I need [1, 2] and the weather.',
    calls: [{ name: 'get_weather', arguments: '{"city":"Paris"}' }],
  },
  ...(['length', 'cut', 'stop'] as const).map(
    (how): Case => ({
      what: `a string that ends in the middle with ${how}`,
      from: 'grammar',
      how,
      text: `[write_file(path="a.ts", content='let a = "b`,
      tools: [writer],
      calls: [{ name: 'write_file', arguments: '{"path":"a.ts","content":"let a = \\"b', state: 'incomplete' }],
    }),
  ),
  {
    what: 'ended by itself after a complete value',
    from: 'grammar',
    text: "[get_weather(city='Paris'",
    tools: [weather],
    calls: [{ name: 'get_weather', arguments: '{"city":"Paris"}' }],
  },
  {
    what: 'the call is closed and the list is not',
    from: 'grammar',
    how: 'length',
    text: "[get_weather(city='Paris'), get_ti",
    tools: [weather, clock],
    calls: [{ name: 'get_weather', arguments: '{"city":"Paris"}' }],
  },
  {
    what: 'digits beyond 2^53 are kept',
    from: 'grammar',
    text: '[probe(id=12345678901234567890)]',
    tools: [weather],
    calls: [{ name: 'probe', arguments: '{"id":12345678901234567890}' }],
  },
  {
    what: 'a value that is no literal is forwarded as it is',
    from: 'grammar',
    text: '[probe(at=datetime(2026, 1, 2))]',
    tools: [weather],
    calls: [{ name: 'probe', arguments: '{"at":datetime(2026, 1, 2)}', state: 'invalid' }],
  },
  {
    what: 'cut by the token limit behind a comma',
    from: 'grammar',
    how: 'length',
    text: "[get_weather(city='Paris', ",
    tools: [weather],
    calls: [{ name: 'get_weather', arguments: '{"city":"Paris"', state: 'incomplete' }],
  },
  {
    what: 'cut by the token limit behind a complete value',
    from: 'grammar',
    how: 'length',
    text: "[get_weather(city='Paris'",
    tools: [weather],
    calls: [{ name: 'get_weather', arguments: '{"city":"Paris"', state: 'incomplete' }],
  },
  {
    what: 'the bracket of a call is missing inside the list',
    from: 'grammar',
    text: "[get_weather(city='Paris'] Done.",
    tools: [weather],
    content: 'Done.',
    calls: [{ name: 'get_weather', arguments: '{"city":"Paris"}' }],
  },
  {
    what: 'what follows a call in the list and is none is text',
    from: 'grammar',
    text: '[get_time(), see below]',
    tools: [clock],
    content: ', see below]',
    calls: [{ name: 'get_time', arguments: '{}' }],
  },
]
