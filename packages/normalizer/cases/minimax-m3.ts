import type { Case } from '../src/test-case.ts'
import { booking, clock, weather, writer } from './tools.ts'

const ns = ']<]minimax[>['

export const cases: readonly Case[] = [
  {
    what: 'thinks, answers and calls',
    from: 'template of MiniMax-M3',
    text: `<mm:think>I should look.</mm:think>Let me check.
${ns}<tool_call>
${ns}<invoke name="get_weather">${ns}<city>Paris${ns}</city>${ns}<days>3${ns}</days>${ns}</invoke>
${ns}</tool_call>`,
    tools: [weather],
    reasoning: 'I should look.',
    content: 'Let me check.',
    calls: [{ name: 'get_weather', arguments: '{"city":"Paris","days":3}' }],
  },
  {
    what: 'each element on its own line',
    from: 'grammar',
    text: `${ns}<tool_call>
${ns}<invoke name="get_weather">
${ns}<city>Paris${ns}</city>
${ns}<days>3${ns}</days>
${ns}</invoke>
${ns}</tool_call>`,
    tools: [weather],
    calls: [{ name: 'get_weather', arguments: '{"city":"Paris","days":3}' }],
  },
  {
    what: 'reasoning prefilled',
    from: 'template of MiniMax-M3',
    startsIn: 'reasoning',
    text: 'The sky is blue.\n</mm:think>\n\nSunny.',
    reasoning: 'The sky is blue.',
    content: 'Sunny.',
  },
  {
    what: 'reasoning prefilled and echoed',
    from: 'grammar',
    startsIn: 'reasoning',
    text: '<mm:think>The sky is blue.</mm:think>Sunny.',
    reasoning: 'The sky is blue.',
    content: 'Sunny.',
  },
  {
    what: 'a call inside unclosed reasoning ends it',
    from: 'grammar',
    startsIn: 'reasoning',
    text: `I need the time.
${ns}<tool_call>${ns}<invoke name="get_time">${ns}</invoke>${ns}</tool_call>`,
    tools: [clock],
    reasoning: 'I need the time.',
    calls: [{ name: 'get_time', arguments: '{}' }],
  },
  {
    what: 'several calls in one block and in two, equal ones too',
    from: 'grammar',
    text: `${ns}<tool_call>
${ns}<invoke name="get_weather">${ns}<city>Rome${ns}</city>${ns}</invoke>
${ns}<invoke name="get_time">${ns}</invoke>
${ns}</tool_call>
${ns}<tool_call>
${ns}<invoke name="get_weather">${ns}<city>Rome${ns}</city>${ns}</invoke>
${ns}</tool_call>`,
    tools: [weather, clock],
    calls: [
      { name: 'get_weather', arguments: '{"city":"Rome"}' },
      { name: 'get_time', arguments: '{}' },
      { name: 'get_weather', arguments: '{"city":"Rome"}' },
    ],
  },
  {
    what: 'text before and after',
    from: 'grammar',
    text: `Looking. ${ns}<tool_call>${ns}<invoke name="get_time">${ns}</invoke>${ns}</tool_call>Done.`,
    tools: [clock],
    content: 'Looking. Done.',
    calls: [{ name: 'get_time', arguments: '{}' }],
  },
  {
    what: 'children make an object, typed by the schema inside it',
    from: 'grammar',
    text: `${ns}<tool_call>${ns}<invoke name="book">\
${ns}<room>${ns}<floor>3${ns}</floor>${ns}<view>true${ns}</view>${ns}<note>42${ns}</note>${ns}</room>\
${ns}</invoke>${ns}</tool_call>`,
    tools: [booking],
    calls: [{ name: 'book', arguments: '{"room":{"floor":3,"view":true,"note":"42"}}' }],
  },
  {
    what: 'items make an array, of strings and of objects',
    from: 'grammar',
    text: `${ns}<tool_call>${ns}<invoke name="book">
${ns}<tags>${ns}<item>sea${ns}</item>${ns}<item>7${ns}</item>${ns}</tags>
${ns}<guests>
${ns}<item>${ns}<name>Ada${ns}</name>${ns}<age>36${ns}</age>${ns}</item>
${ns}<item>${ns}<name>Bo${ns}</name>${ns}</item>
${ns}</guests>
${ns}</invoke>${ns}</tool_call>`,
    tools: [booking],
    calls: [{ name: 'book', arguments: '{"tags":["sea","7"],"guests":[{"name":"Ada","age":36},{"name":"Bo"}]}' }],
  },
  {
    what: 'an array by its schema, whatever the children are called',
    from: 'grammar',
    text: `${ns}<tool_call>${ns}<invoke name="book">\
${ns}<guests>${ns}<guest>${ns}<name>Ada${ns}</name>${ns}</guest>${ns}</guests>\
${ns}</invoke>${ns}</tool_call>`,
    tools: [booking],
    calls: [{ name: 'book', arguments: '{"guests":[{"name":"Ada"}]}' }],
  },
  {
    what: 'repeated names collect into a list, and one alone too where the schema wants an array',
    from: 'grammar',
    text: `${ns}<tool_call>${ns}<invoke name="book">${ns}<tags>sea${ns}</tags>${ns}<tags>sun${ns}</tags>${ns}</invoke>\
${ns}<invoke name="book">${ns}<tags>sea${ns}</tags>${ns}<price>9${ns}</price>${ns}</invoke>\
${ns}<invoke name="tally">${ns}<box>${ns}<n>1${ns}</n>${ns}<n>2${ns}</n>${ns}<m>3${ns}</m>${ns}</box>${ns}</invoke>\
${ns}</tool_call>`,
    tools: [booking],
    calls: [
      { name: 'book', arguments: '{"tags":["sea","sun"]}' },
      { name: 'book', arguments: '{"tags":["sea"],"price":9}' },
      { name: 'tally', arguments: '{"box":{"n":["1","2"],"m":"3"}}' },
    ],
  },
  {
    what: 'empty elements',
    from: 'grammar',
    text: `${ns}<tool_call>${ns}<invoke name="book">${ns}<tags>${ns}</tags>${ns}<room>${ns}</room>${ns}<coupon>${ns}</coupon>\
${ns}</invoke>${ns}</tool_call>`,
    tools: [booking],
    calls: [{ name: 'book', arguments: '{"tags":[],"room":{},"coupon":""}' }],
  },
  {
    what: 'scalars by the schema, JSON text for a container too',
    from: 'grammar',
    text: `${ns}<tool_call>${ns}<invoke name="book">${ns}<price>1.50${ns}</price>${ns}<breakfast>True${ns}</breakfast>\
${ns}<coupon>null${ns}</coupon>${ns}<tags>["sea", "sun"]${ns}</tags>${ns}<other>7${ns}</other>${ns}</invoke>${ns}</tool_call>`,
    tools: [booking],
    calls: [
      {
        name: 'book',
        arguments: '{"price":1.50,"breakfast":true,"coupon":null,"tags":["sea", "sun"],"other":"7"}',
      },
    ],
  },
  {
    what: 'tags without the prefix are data, and so are white space and the closers of others',
    from: 'grammar',
    text: `${ns}<tool_call>${ns}<invoke name="write_file">${ns}<content>
  <content>a</content> </invoke> ]<]mini
${ns}</content>${ns}<path>a.xml${ns}</path>${ns}</invoke>${ns}</tool_call>`,
    tools: [writer],
    calls: [
      {
        name: 'write_file',
        arguments: '{"content":"\\n  <content>a</content> </invoke> ]<]mini\\n","path":"a.xml"}',
      },
    ],
  },
  {
    what: 'an unknown tool is forwarded, its values verbatim',
    from: 'smg#1728',
    text: `${ns}<tool_call>${ns}<invoke name="get_tide">${ns}<depth>12${ns}</depth>${ns}</invoke>${ns}</tool_call>`,
    tools: [weather],
    calls: [{ name: 'get_tide', arguments: '{"depth":"12"}' }],
  },
  ...(['length', 'cut', 'stop'] as const).map(
    (how): Case => ({
      what: `an element that ends in the middle with ${how} is not given out`,
      from: 'grammar',
      how,
      text: `${ns}<tool_call>${ns}<invoke name="write_file">${ns}<path>a.ts${ns}</path>${ns}<content>let a = `,
      tools: [writer],
      calls: [{ name: 'write_file', arguments: '{"path":"a.ts"', state: 'incomplete' }],
    }),
  ),
  {
    what: 'a nested element that ends in the middle',
    from: 'grammar',
    how: 'length',
    text: `${ns}<tool_call>${ns}<invoke name="book">${ns}<room>${ns}<floor>3${ns}</floor>${ns}<note>qui`,
    tools: [booking],
    calls: [{ name: 'book', arguments: '{', state: 'incomplete' }],
  },
  {
    what: 'all elements closed, closers missing, ended by itself',
    from: 'grammar',
    text: `${ns}<tool_call>${ns}<invoke name="get_weather">${ns}<city>Paris${ns}</city>`,
    tools: [weather],
    calls: [{ name: 'get_weather', arguments: '{"city":"Paris"}' }],
  },
  {
    what: 'all elements closed, closers missing, cut by the token limit',
    from: 'grammar',
    how: 'length',
    text: `${ns}<tool_call>${ns}<invoke name="get_weather">${ns}<city>Paris${ns}</city>`,
    tools: [weather],
    calls: [{ name: 'get_weather', arguments: '{"city":"Paris"', state: 'incomplete' }],
  },
  {
    what: 'a name that is not complete is no call',
    from: 'grammar',
    how: 'length',
    text: `Looking.\n${ns}<tool_call>${ns}<invoke name="get_wea`,
    tools: [weather],
    content: 'Looking.',
  },
  {
    what: 'the separator alone and an unknown tag behind it are text',
    from: 'grammar',
    text: `Their token is ${ns} and ${ns}<b> is nothing.`,
    tools: [weather],
    content: `Their token is ${ns} and ${ns}<b> is nothing.`,
  },
  {
    what: 'without the separator there is no markup',
    from: 'grammar',
    text: 'M3 writes <tool_call><invoke name="get_weather"></invoke></tool_call> with a prefix.',
    tools: [weather],
    content: 'M3 writes <tool_call><invoke name="get_weather"></invoke></tool_call> with a prefix.',
  },
  {
    what: 'a call of no declared tool quoted in a fence',
    from: 'decisions',
    text: `Like this:\n\`\`\`\n${ns}<tool_call>${ns}<invoke name="NAME">${ns}</invoke>${ns}</tool_call>\n\`\`\`\nThat is all.`,
    tools: [weather],
    content: `Like this:\n\`\`\`\n${ns}<tool_call>${ns}<invoke name="NAME">${ns}</invoke>${ns}</tool_call>\n\`\`\`\nThat is all.`,
  },
  {
    what: 'a list that was cut between its elements stays open',
    from: 'grammar',
    how: 'length',
    text: `${ns}<tool_call>${ns}<invoke name="book">${ns}<tags>sea${ns}</tags>${ns}<tags>sun${ns}</tags>`,
    tools: [booking],
    calls: [{ name: 'book', arguments: '{"tags":["sea","sun"', state: 'incomplete' }],
  },
  {
    what: 'the closer of a call is missing before the next',
    from: 'grammar',
    text: `${ns}<tool_call>${ns}<invoke name="get_weather">${ns}<city>Rome${ns}</city>\
${ns}<invoke name="get_weather">${ns}<city>Oslo${ns}</city>${ns}</tool_call>Done.`,
    tools: [weather],
    content: 'Done.',
    calls: [
      { name: 'get_weather', arguments: '{"city":"Rome"}' },
      { name: 'get_weather', arguments: '{"city":"Oslo"}' },
    ],
  },
  {
    what: 'the closer of a block is missing before the next',
    from: 'grammar',
    text: `${ns}<tool_call>${ns}<invoke name="get_time">${ns}</invoke>
${ns}<tool_call>${ns}<invoke name="get_time">${ns}</invoke>${ns}</tool_call>`,
    tools: [clock],
    calls: [
      { name: 'get_time', arguments: '{}' },
      { name: 'get_time', arguments: '{}' },
    ],
  },
]
