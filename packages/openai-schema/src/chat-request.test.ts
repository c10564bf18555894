import { expect, test } from 'vitest'
import { z } from 'zod'
import { chatCompletionRequest, validate } from './index.ts'

const base = { model: 'm', messages: [{ role: 'user', content: 'hi' }] }
const lookup = { type: 'function', function: { name: 'lookup' } }
const runner = { type: 'custom', custom: { name: 'run' } }
const check = (fields: object) => validate(chatCompletionRequest, { ...base, ...fields })

test.each<[string, object]>([
  ['nothing but the required fields', {}],
  ['a stream', { stream: true, stream_options: { include_usage: true, include_obfuscation: false } }],
  ['stream options without a stream', { stream_options: { include_usage: true } }],
  ['a token limit by its new name', { max_completion_tokens: 100 }],
  ['a token limit by its old name', { max_tokens: 100 }],
  ['equal token limits under both names', { max_tokens: 100, max_completion_tokens: 100 }],
  ['one token limit beside a null', { max_tokens: 100, max_completion_tokens: null }],
  ['a temperature out of range', { temperature: 7 }],
  ['a top_p out of range', { top_p: -1 }],
  ['an n out of range', { n: 0 }],
  ['one stop text', { stop: 'END' }],
  ['several stop texts', { stop: ['a', 'b', 'c', 'd', 'e'] }],
  ['penalties', { presence_penalty: -2, frequency_penalty: 9.5 }],
  ['a logit bias', { logit_bias: { '50256': -100 } }],
  ['log probabilities', { logprobs: true, top_logprobs: 99 }],
  ['a seed of 64 bits', { seed: 2 ** 64 }],
  ['a user', { user: 'u', safety_identifier: 's'.repeat(200) }],
  ['no tools', { tools: [] }],
  ['a function', { tools: [lookup] }],
  [
    'a function with everything',
    {
      tools: [
        {
          type: 'function',
          function: { name: 'an odd name!', description: 'd', parameters: { type: 'object' }, strict: true },
        },
      ],
    },
  ],
  ['a custom tool', { tools: [runner] }],
  [
    'a custom tool with a grammar',
    {
      tools: [
        {
          type: 'custom',
          custom: {
            name: 'run',
            description: 'd',
            format: { type: 'grammar', grammar: { definition: 'x', syntax: 'lark' } },
          },
        },
      ],
    },
  ],
  ['a custom tool of free text', { tools: [{ type: 'custom', custom: { name: 'run', format: { type: 'text' } } }] }],
  ["a service's own tool", { tools: [{ type: 'builtin_function', function: { name: '$web_search' } }] }],
  ['a tool of a type nobody has seen', { tools: [{ type: 'teleport', where: 'there' }] }],
  ...['none', 'auto', 'required', 'any'].map((choice): [string, object] => [
    `tool choice ${choice}`,
    { tool_choice: choice },
  ]),
  ['a named function', { tools: [runner, lookup], tool_choice: lookup }],
  ['a named custom tool', { tools: [lookup, runner], tool_choice: runner }],
  ["a named function that a service's own tool may offer", { tools: [{ type: 'mcp' }], tool_choice: lookup }],
  [
    'allowed tools',
    { tools: [lookup], tool_choice: { type: 'allowed_tools', allowed_tools: { mode: 'auto', tools: [lookup] } } },
  ],
  ['parallel tool calls', { parallel_tool_calls: false }],
  ['legacy functions', { functions: [{ name: 'f', description: 'd', parameters: {} }], function_call: { name: 'f' } }],
  ['legacy choices', { function_call: 'auto' }],
  ['a text format', { response_format: { type: 'text' } }],
  ['a JSON format', { response_format: { type: 'json_object' } }],
  [
    'a JSON schema format',
    {
      response_format: { type: 'json_schema', json_schema: { name: 'n', description: 'd', schema: {}, strict: null } },
    },
  ],
  ["a service's own format", { response_format: { type: 'grammar', grammar: 'root ::= "a"' } }],
  ['an effort nobody has seen', { reasoning_effort: 'ludicrous' }],
  ['a verbosity nobody has seen', { verbosity: 'chatty' }],
  ['spoken answers', { modalities: ['text', 'audio'], audio: { voice: 'alloy', format: 'wav' } }],
  ['a voice by its id', { audio: { voice: { id: 'v' }, format: 'pcm16' } }],
  ['a prediction', { prediction: { type: 'content', content: 'text' } }],
  ['a prediction in parts', { prediction: { type: 'content', content: [{ type: 'text', text: 'text' }] } }],
  ['a service tier nobody has seen', { service_tier: 'platinum' }],
  ['storing', { store: true, metadata: { topic: 'x'.repeat(1000) } }],
  [
    'prompt cache fields',
    { prompt_cache_key: 'k', prompt_cache_options: { mode: 'explicit', ttl: '30m' }, prompt_cache_retention: '24h' },
  ],
  ['moderation', { moderation: { model: 'm', policy: { input: { mode: 'block' } } } }],
  [
    'a web search',
    {
      web_search_options: {
        search_context_size: 'low',
        user_location: {
          type: 'approximate',
          approximate: { city: 'Oslo', country: 'NO', region: 'Oslo', timezone: 'Europe/Oslo' },
        },
      },
    },
  ],
  [
    "other services' fields, of whatever type",
    {
      top_k: '40',
      min_p: 0.1,
      repetition_penalty: 1,
      stop_token_ids: [1],
      guided_json: {},
      chat_template_kwargs: {},
      thinking: { type: 'enabled' },
      enable_thinking: true,
      thinking_budget: 1,
      reasoning: { effort: 'high' },
      include_reasoning: true,
      provider: {},
      models: [],
      transforms: [],
      plugins: [],
      route: 'fallback',
      web_search: true,
      search_parameters: {},
      safety_settings: [],
      cache_control: {},
      extra_body: {},
    },
  ],
  ['a field nobody has seen', { frobnicate: [1, { deep: true }] }],
])('accepts %s', (_, fields) => {
  expect(check(fields)).toEqual({ ok: true, value: { ...base, ...fields } })
})

test('null for an optional field is accepted everywhere', () => {
  const { properties = {} } = z.toJSONSchema(chatCompletionRequest)
  const optional = Object.keys(properties).filter((name) => !(name in base))
  expect(optional.length).toBeGreaterThan(50)
  expect(check(Object.fromEntries(optional.map((name) => [name, null])))).toMatchObject({ ok: true })
})

test.each<[object, string]>([
  [{ model: undefined }, 'model: required; expected a string'],
  [{ model: 5 }, 'model: expected a string; found 5'],
  [{ messages: undefined }, 'messages: required; expected an array of messages'],
  [{ messages: 'hi' }, 'messages: expected an array of messages; found "hi"'],
  [{ messages: [] }, 'messages: expected at least one message; found an empty array'],
  [{ stream: 'yes' }, 'stream: expected true or false; found "yes"'],
  [{ stream_options: true }, 'stream_options: expected an object; found true'],
  [{ stream_options: { include_usage: 1 } }, 'stream_options.include_usage: expected true or false; found 1'],
  [
    { stream_options: { include_obfuscation: 1 } },
    'stream_options.include_obfuscation: expected true or false; found 1',
  ],
  [{ max_completion_tokens: '100' }, 'max_completion_tokens: expected an integer; found "100"'],
  [{ max_tokens: 1.5 }, 'max_tokens: expected an integer; found 1.5'],
  [
    { max_tokens: 100, max_completion_tokens: 200 },
    'max_tokens: expected to equal max_completion_tokens, which is 200, or to be left out; found 100',
  ],
  [{ temperature: '7' }, 'temperature: expected a number; found "7"'],
  [{ top_p: [] }, 'top_p: expected a number; found an empty array'],
  [{ n: '1' }, 'n: expected an integer; found "1"'],
  [{ stop: 5 }, 'stop: expected a string or an array of strings; found 5'],
  [{ stop: ['a', 5] }, 'stop[1]: expected a string; found 5'],
  [{ presence_penalty: {} }, 'presence_penalty: expected a number; found an object'],
  [{ frequency_penalty: true }, 'frequency_penalty: expected a number; found true'],
  [{ logit_bias: [] }, 'logit_bias: expected an object; found an empty array'],
  [{ logit_bias: { '5': 'x' } }, 'logit_bias["5"]: expected a number; found "x"'],
  [{ logprobs: 3 }, 'logprobs: expected true or false; found 3'],
  [{ top_logprobs: true }, 'top_logprobs: expected an integer; found true'],
  [{ seed: 'x' }, 'seed: expected a number; found "x"'],
  [{ user: 5 }, 'user: expected a string; found 5'],
  [{ safety_identifier: 5 }, 'safety_identifier: expected a string; found 5'],
  [{ tools: {} }, 'tools: expected an array of tools; found an object'],
  [{ tools: ['lookup'] }, 'tools[0]: expected a tool (an object with a type); found "lookup"'],
  [{ tools: [{ function: {} }] }, 'tools[0].type: required; expected a string such as function, custom'],
  [{ tools: [lookup, { type: 'function' }] }, 'tools[1].function: required; expected an object'],
  [{ tools: [{ type: 'function', function: {} }] }, 'tools[0].function.name: required; expected a string'],
  [
    { tools: [{ type: 'function', function: { name: 'f', parameters: '{}' } }] },
    'tools[0].function.parameters: expected an object; found "{}"',
  ],
  [
    { tools: [{ type: 'function', function: { name: 'f', strict: 'yes' } }] },
    'tools[0].function.strict: expected true or false; found "yes"',
  ],
  [{ tools: [{ type: 'custom', custom: {} }] }, 'tools[0].custom.name: required; expected a string'],
  [
    { tools: [{ type: 'custom', custom: { name: 'c', format: { type: 'bnf' } } }] },
    'tools[0].custom.format.type: expected one of text, grammar; found "bnf"',
  ],
  [
    { tools: [{ type: 'custom', custom: { name: 'c', format: { type: 'grammar' } } }] },
    'tools[0].custom.format.grammar: required; expected an object',
  ],
  [
    { tool_choice: 'sometimes' },
    'tool_choice: expected none, auto, required, or an object that names a tool; found "sometimes"',
  ],
  [{ tool_choice: 5 }, 'tool_choice: expected none, auto, required, or an object that names a tool; found 5'],
  [
    { tool_choice: { type: 'tool' } },
    'tool_choice.type: expected one of function, custom, allowed_tools; found "tool"',
  ],
  [{ tool_choice: { type: 'function' } }, 'tool_choice.function: required; expected an object'],
  [{ tool_choice: { type: 'custom', custom: {} } }, 'tool_choice.custom.name: required; expected a string'],
  [
    { tool_choice: { type: 'allowed_tools', allowed_tools: { mode: 'auto' } } },
    'tool_choice.allowed_tools.tools: required; expected an array of tools',
  ],
  [{ tool_choice: lookup }, 'tool_choice: expected the name of a function in tools; found "lookup"'],
  [{ tools: [runner], tool_choice: lookup }, 'tool_choice: expected the name of a function in tools; found "lookup"'],
  [{ tools: [lookup], tool_choice: runner }, 'tool_choice: expected the name of a custom tool in tools; found "run"'],
  [{ parallel_tool_calls: 'no' }, 'parallel_tool_calls: expected true or false; found "no"'],
  [{ functions: [{}] }, 'functions[0].name: required; expected a string'],
  [
    { function_call: 'required' },
    'function_call: expected none, auto, or an object with the name of a function; found "required"',
  ],
  [{ function_call: {} }, 'function_call.name: required; expected a string'],
  [{ response_format: 'json' }, 'response_format: expected a response format (an object with a type); found "json"'],
  [{ response_format: {} }, 'response_format.type: required; expected a string such as text, json_object, json_schema'],
  [{ response_format: { type: 'json_schema' } }, 'response_format.json_schema: required; expected an object'],
  [
    { response_format: { type: 'json_schema', json_schema: { schema: {} } } },
    'response_format.json_schema.name: required; expected a string',
  ],
  [{ reasoning_effort: 3 }, 'reasoning_effort: expected a string; found 3'],
  [{ verbosity: 3 }, 'verbosity: expected a string; found 3'],
  [{ modalities: 'audio' }, 'modalities: expected an array of strings; found "audio"'],
  [{ audio: { format: 'wav' } }, 'audio.voice: required; expected the name of a voice, or an object with its id'],
  [{ audio: { voice: 'alloy' } }, 'audio.format: required; expected a string'],
  [{ prediction: { content: 'x' } }, 'prediction.type: required; expected "content"'],
  [
    { prediction: { type: 'content', content: 5 } },
    'prediction.content: expected a string or an array of content parts; found 5',
  ],
  [{ service_tier: 1 }, 'service_tier: expected a string; found 1'],
  [{ store: 'yes' }, 'store: expected true or false; found "yes"'],
  [{ metadata: { a: 1 } }, 'metadata.a: expected a string; found 1'],
  [{ prompt_cache_key: 1 }, 'prompt_cache_key: expected a string; found 1'],
  [{ prompt_cache_options: { ttl: 30 } }, 'prompt_cache_options.ttl: expected a string; found 30'],
  [{ prompt_cache_retention: 24 }, 'prompt_cache_retention: expected a string; found 24'],
  [{ moderation: true }, 'moderation: expected an object; found true'],
  [{ web_search_options: true }, 'web_search_options: expected an object; found true'],
  [
    { web_search_options: { user_location: { type: 'exact', approximate: {} } } },
    'web_search_options.user_location.type: expected "approximate"; found "exact"',
  ],
])('refuses %j', (fields, message) => {
  expect(check(fields)).toMatchObject({ ok: false, issue: { message, param: message.split(': ')[0] } })
})

test.each<[unknown, string]>([
  [null, 'expected an object; found null'],
  ['{}', 'expected an object; found "{}"'],
  [[base], 'expected an object; found an array of length 1'],
  [undefined, 'required; expected an object'],
])('refuses the body %j, which is no object', (body, message) => {
  expect(validate(chatCompletionRequest, body)).toMatchObject({ ok: false, issue: { param: '', message } })
})
