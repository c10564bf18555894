import type { ErrorCode } from '@dragoman/core'
import { expect, test } from 'vitest'
import { mapErrorResponse } from './index.ts'

const now = Date.UTC(2026, 0, 1)

function mapped(status: number, json: unknown, headers: Record<string, string> = {}) {
  const text = json === undefined ? '' : JSON.stringify(json)
  return mapErrorResponse({ status, headers: new Headers(headers), text, json }, { provider: 'acme', now })
}

test.each<[number, ErrorCode]>([
  [400, 'invalid_request'],
  [401, 'credential_rejected'],
  [402, 'credential_exhausted'],
  [403, 'credential_forbidden'],
  [404, 'deployment_not_found'],
  [405, 'upstream_protocol'],
  [408, 'upstream_timeout'],
  [409, 'invalid_request'],
  [410, 'deployment_not_found'],
  [413, 'request_too_large'],
  [418, 'upstream_protocol'],
  [422, 'invalid_request'],
  [424, 'upstream_unavailable'],
  [429, 'rate_limited'],
  [451, 'credential_forbidden'],
  [500, 'upstream_unavailable'],
  [502, 'upstream_unavailable'],
  [503, 'upstream_unavailable'],
  [504, 'upstream_timeout'],
  [522, 'upstream_timeout'],
  [524, 'upstream_timeout'],
  [529, 'upstream_unavailable'],
])('status %i alone is %s', (status, code) => {
  expect(mapped(status, { error: { message: 'Sorry' } })).toMatchObject({ code, origin: 'upstream' })
  expect(mapped(status, undefined).code).toBe(code)
})

// Bodies as the services document or send them, shortened.
test.each<[string, number, unknown, ErrorCode]>([
  ['OpenAI', 400, { error: { message: 'Too long', code: 'context_length_exceeded' } }, 'context_length_exceeded'],
  [
    'OpenAI',
    429,
    { error: { message: 'No', type: 'insufficient_quota', code: 'insufficient_quota' } },
    'credential_exhausted',
  ],
  ['OpenAI', 429, { error: { message: 'Limit reached', type: 'tokens', code: 'rate_limit_exceeded' } }, 'rate_limited'],
  ['OpenAI', 400, { error: { message: 'No', code: 'content_policy_violation' } }, 'content_filter'],
  [
    'OpenAI',
    400,
    {
      error: { message: 'Your prompt was flagged as potentially violating our usage policy.', code: 'invalid_prompt' },
    },
    'content_filter',
  ],
  [
    'OpenAI',
    400,
    { error: { message: 'Use max_completion_tokens', code: 'unsupported_parameter' } },
    'unsupported_parameter',
  ],
  ['OpenAI', 400, { error: { message: 'Only 1', code: 'unsupported_value' } }, 'unsupported_value'],
  [
    'OpenAI',
    401,
    { error: { message: 'Incorrect API key', type: 'invalid_request_error', code: 'invalid_api_key' } },
    'credential_rejected',
  ],
  [
    'OpenAI',
    404,
    { error: { message: 'No such model', type: 'invalid_request_error', code: 'model_not_found' } },
    'deployment_not_found',
  ],
  ['OpenAI', 403, { error: { message: 'Deactivated', code: 'account_deactivated' } }, 'credential_disabled'],
  [
    'OpenAI',
    403,
    { error: { message: 'Country', code: 'unsupported_country_region_territory' } },
    'credential_forbidden',
  ],
  [
    'Azure',
    400,
    { error: { message: 'Filtered', code: null, innererror: { code: 'ResponsibleAIPolicyViolation' } } },
    'content_filter',
  ],
  ['Azure', 404, { error: { message: 'Not there', code: 'DeploymentNotFound' } }, 'deployment_not_found'],
  [
    'Anthropic',
    400,
    {
      type: 'error',
      error: { type: 'invalid_request_error', message: 'prompt is too long: 205123 tokens > 200000 maximum' },
    },
    'context_length_exceeded',
  ],
  [
    'Anthropic',
    400,
    {
      type: 'error',
      error: {
        type: 'invalid_request_error',
        message: 'input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000',
      },
    },
    'context_length_exceeded',
  ],
  [
    'Anthropic',
    400,
    {
      type: 'error',
      error: { type: 'invalid_request_error', message: 'Your credit balance is too low to access the Anthropic API.' },
    },
    'credential_exhausted',
  ],
  [
    'Anthropic',
    400,
    { type: 'error', error: { type: 'invalid_request_error', message: 'Output blocked by content filtering policy' } },
    'content_filter',
  ],
  [
    'Anthropic',
    400,
    { type: 'error', error: { type: 'invalid_request_error', message: 'max_tokens: too large' } },
    'invalid_request',
  ],
  [
    'Anthropic',
    529,
    { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } },
    'upstream_unavailable',
  ],
  [
    'Google',
    400,
    [
      {
        error: {
          code: 400,
          message: 'The input token count (12) exceeds the maximum number of tokens allowed (8).',
          status: 'INVALID_ARGUMENT',
        },
      },
    ],
    'context_length_exceeded',
  ],
  [
    'Google',
    400,
    {
      error: {
        code: 400,
        message: 'API key not valid. Please pass a valid API key.',
        status: 'INVALID_ARGUMENT',
        details: [{ reason: 'API_KEY_INVALID' }],
      },
    },
    'credential_rejected',
  ],
  [
    'Google',
    429,
    {
      error: {
        code: 429,
        message: 'You exceeded your current quota, please check your plan and billing details.',
        status: 'RESOURCE_EXHAUSTED',
        details: [{ retryDelay: '34s' }],
      },
    },
    'rate_limited',
  ],
  [
    'Moonshot',
    400,
    { error: { type: 'content_filter', message: 'The request was rejected because it was considered high risk' } },
    'content_filter',
  ],
  [
    'Moonshot',
    400,
    {
      error: {
        type: 'invalid_request_error',
        message: 'Invalid request: Your request exceeded model token limit: 8192',
      },
    },
    'context_length_exceeded',
  ],
  [
    'Moonshot',
    429,
    { error: { type: 'exceeded_current_quota_error', message: 'Your account is suspended' } },
    'credential_exhausted',
  ],
  [
    'Moonshot',
    429,
    { error: { type: 'engine_overloaded_error', message: 'The engine is overloaded' } },
    'upstream_unavailable',
  ],
  [
    'Moonshot',
    401,
    { error: { type: 'invalid_authentication_error', message: 'Invalid Authentication' } },
    'credential_rejected',
  ],
  ['DeepSeek', 402, { error: { message: 'Insufficient Balance' } }, 'credential_exhausted'],
  ['DeepSeek', 400, { error: { message: 'Model Not Exist', code: 'invalid_request_error' } }, 'deployment_not_found'],
  ['DeepSeek', 400, { error: { message: 'Content Exists Risk', code: 'invalid_request_error' } }, 'content_filter'],
  [
    'DashScope',
    400,
    { error: { message: 'Range of input length should be [1, 30720]', code: 'invalid_parameter_error' } },
    'context_length_exceeded',
  ],
  [
    'DashScope',
    400,
    { code: 'DataInspectionFailed', message: 'Input data may contain inappropriate content.' },
    'content_filter',
  ],
  [
    'DashScope',
    400,
    { code: 'Arrearage', message: 'Access denied, please make sure your account is in good standing.' },
    'credential_exhausted',
  ],
  [
    'LongCat',
    403,
    { error: { message: 'No tokens left', type: 'permission_error', code: 'insufficient_quota' } },
    'credential_exhausted',
  ],
  ['OpenRouter', 402, { error: { code: 402, message: 'Insufficient credits' } }, 'credential_exhausted'],
  [
    'OpenRouter',
    403,
    { error: { code: 403, message: 'This model requires moderation. Your input was flagged for "violence".' } },
    'content_filter',
  ],
  [
    'OpenRouter',
    400,
    {
      error: {
        code: 400,
        message: "This endpoint's maximum context length is 128000 tokens. However, you requested about 130000.",
      },
    },
    'context_length_exceeded',
  ],
  [
    'Groq',
    413,
    { error: { message: 'Request too large for model', type: 'tokens', code: 'rate_limit_exceeded' } },
    'request_too_large',
  ],
  [
    'xAI',
    400,
    { code: 'Client specified an invalid argument', error: 'Incorrect API key provided: xa***Z.' },
    'credential_rejected',
  ],
  [
    'xAI',
    403,
    { code: 'No permission', error: "Your newly created teams doesn't have any credits yet." },
    'credential_exhausted',
  ],
  [
    'Mistral',
    400,
    {
      object: 'error',
      message: 'Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum context length',
      code: 3051,
    },
    'context_length_exceeded',
  ],
  [
    'vLLM',
    400,
    {
      object: 'error',
      message: "This model's maximum context length is 4096 tokens.",
      type: 'BadRequestError',
      code: 400,
    },
    'context_length_exceeded',
  ],
  [
    'vLLM',
    404,
    { object: 'error', message: 'The model `x` does not exist.', type: 'NotFoundError', code: 404 },
    'deployment_not_found',
  ],
  [
    'llama.cpp',
    400,
    {
      error: {
        code: 400,
        message: 'the request exceeds the available context size. try increasing it',
        type: 'exceed_context_size_error',
      },
    },
    'context_length_exceeded',
  ],
  [
    'LM Studio',
    400,
    {
      error:
        'Trying to keep the first 5000 tokens when context the overflows. However, the model is loaded with context length of only 4096 tokens',
    },
    'context_length_exceeded',
  ],
  ['Bedrock', 400, { message: 'Input is too long for requested model.' }, 'context_length_exceeded'],
])('%s, %i: %j is %s', (_service, status, json, code) => {
  expect(mapped(status, json)).toMatchObject({ code })
})

test.each<[unknown, ErrorCode]>([
  [{ error: { code: 429, message: 'Later' } }, 'rate_limited'],
  [{ error: { code: '502', message: 'Provider disconnected' } }, 'upstream_unavailable'],
  [{ error: { message: 'Later', type: 'rate_limit_error' } }, 'rate_limited'],
  [{ type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }, 'upstream_unavailable'],
  [{ error: { message: 'Bad', type: 'invalid_request_error' } }, 'invalid_request'],
  [{ error: { message: 'Bad', type: 'authentication_error' } }, 'credential_rejected'],
  [{ error: { message: 'Slow', type: 'timeout_error' } }, 'upstream_timeout'],
  [{ error: { message: 'Oops', type: 'server_error', code: null } }, 'upstream_unavailable'],
  [{ error: { message: 'prompt is too long' } }, 'context_length_exceeded'],
  [{ success: false, data: { code: 'RateLimited', num: 3, details: 'limit reached' } }, 'rate_limited'],
  [{ error: 'oops' }, 'upstream_unavailable'],
])('inside of a 200, %j is %s', (json, code) => {
  expect(mapped(200, json)).toMatchObject({ code })
})

test.each<[unknown, string, string | undefined]>([
  [{ error: { message: 'Too hot', type: 't', param: 'temperature', code: 'too_hot' } }, 'Too hot', 'temperature'],
  [{ error: 'Too hot' }, 'Too hot', undefined],
  [{ message: 'Too hot' }, 'Too hot', undefined],
  [{ detail: 'Too hot' }, 'Too hot', undefined],
  [
    { detail: [{ loc: ['body', 'messages', 0, 'role'], msg: 'Field required', type: 'missing' }] },
    'Field required',
    'messages[0].role',
  ],
  [{ errors: [{ message: 'Too hot', path: 'temperature' }] }, 'Too hot', 'temperature'],
  [{ errors: ['Too hot'] }, 'Too hot', undefined],
  [{ type: 'error', error: { type: 'invalid_request_error', message: 'Too hot' } }, 'Too hot', undefined],
  [[{ error: { code: 400, message: 'Too hot', status: 'INVALID_ARGUMENT' } }], 'Too hot', undefined],
  [{ error: { detail: 'Too hot' } }, 'Too hot', undefined],
  [{ detail: { message: 'Too hot' } }, 'Too hot', undefined],
  [{ error: 'invalid_grant', error_description: 'Too hot' }, 'Too hot', undefined],
  [{ error: { message: '  Too\n\n hot ' } }, 'Too hot', undefined],
  [{}, 'acme answered 400', undefined],
  [[], 'acme answered 400', undefined],
  [null, 'acme answered 400', undefined],
  ['oops', 'acme answered 400', undefined],
  [{ error: { message: 7 } }, 'acme answered 400', undefined],
])('of a 400 the client is told %j as %j, about %j', (json, message, param) => {
  expect(mapped(400, json)).toMatchObject({ message, param })
})

test('text is told as it is, a page by its title only', () => {
  const told = (text: string, type: string) =>
    mapErrorResponse(
      { status: 502, headers: new Headers({ 'content-type': type }), text, json: undefined },
      { provider: 'acme', now },
    ).message
  expect(told('upstream connect error', 'text/plain')).toBe('acme answered 502: upstream connect error')
  expect(told('<html><head><title>\n 502 Bad\tGateway </title></head><body>nginx</body>', 'text/html')).toBe(
    'acme answered 502: an HTML page titled "502 Bad Gateway"',
  )
  expect(told('<!DOCTYPE html><p>Hi', '')).toBe('acme answered 502: an HTML page')
  expect(told('x'.repeat(5_000), 'text/plain')).toHaveLength('acme answered 502: '.length + 2_000)
})

test('the public code is the upstream’s own where it is a word, and never that of a secret or a number', () => {
  const secret = 'abcdefghijklmnop'
  const publicCode = (code: unknown, status = 400) =>
    mapErrorResponse(
      { status, headers: new Headers(), text: '', json: { error: { message: 'm', code } } },
      { provider: 'acme', now, secrets: [secret] },
    ).publicCode
  expect(publicCode('decimal_above_max_value')).toBe('decimal_above_max_value')
  expect(publicCode(1210)).toBeNull()
  expect(publicCode('1210')).toBeNull()
  expect(publicCode(secret)).toBeNull()
  expect(publicCode('two words')).toBeNull()
  expect(publicCode('exceed_context_size_error')).toBe('context_length_exceeded')
  expect(publicCode('whatever', 500)).toBe('upstream_unavailable')
})

test.each([
  [{ 'retry-after': '7' }, {}, 7_000],
  [{}, { error: { message: 'm', resets_in_seconds: 1_587_827 } }, 1_587_827_000],
  [{}, { error: { message: 'm', details: [{ '@type': 'RetryInfo', retryDelay: '34.5s' }] } }, 34_500],
  [{}, { error: { message: 'Rate limit reached. Please try again in 7.66s.' } }, 7_660],
  [{}, { error: { message: 'Please try again in 6m0s. Visit us.' } }, 360_000],
  [{}, { error: { message: 'Please retry again after 12 seconds.' } }, 12_000],
  [{ 'retry-after': '7' }, { error: { message: 'try again in 9s' } }, 7_000],
  [{}, { error: { message: 'try again in a while' } }, undefined],
])('with the headers %j and the body %j one waits %s ms', (headers, json, expected) => {
  expect(mapped(429, json, headers as Record<string, string>).retryAfterMs).toBe(expected)
})
