import type { Secret } from '@dragoman/core'
import { canary, leaked } from '@dragoman/testkit'
import { describe, expect, test } from 'vitest'
import { type ParseCredentialsOptions, parseCredentials } from './parse-credentials.ts'

const options = { from: 'data/tokens.txt', field: 'token' }

/** Values in the open, with where they stand. */
function read(text: string, more: Partial<ParseCredentialsOptions> = {}) {
  const { credentials, problems } = parseCredentials(text, { ...options, ...more })
  return {
    credentials: credentials.map(({ values, from }) => [from?.replace('data/tokens.txt', ''), plain(values)]),
    problems: problems.map((problem) => problem.replace('data/tokens.txt', '')),
  }
}

function plain(values: Readonly<Record<string, Secret>>) {
  return Object.fromEntries(Object.entries(values).map(([name, secret]) => [name, secret.reveal()]))
}

describe('the ways to write credentials down', () => {
  test('one token per line, with comments and empty lines', () => {
    expect(read('# mine\n\nfirst-token\n  second-token\t\n# third-token\n')).toEqual({
      credentials: [
        [':3', { token: 'first-token' }],
        [':4', { token: 'second-token' }],
      ],
      problems: [],
    })
  })

  test('several tokens in a line, with commas between and one at the end', () => {
    expect(read('a1, b2,c3,\nd4')).toEqual({
      credentials: [
        [':1', { token: 'a1' }],
        [':1', { token: 'b2' }],
        [':1', { token: 'c3' }],
        [':2', { token: 'd4' }],
      ],
      problems: [],
    })
  })

  test('JSON lines of accounts, where numbers are values too', () => {
    expect(
      read('{"email":"a@example.com","password":"it, \\"is\\" 1"}\n# note\n{"email":"b@example.com","password":12345}'),
    ).toEqual({
      credentials: [
        [':1', { email: 'a@example.com', password: 'it, "is" 1' }],
        [':3', { email: 'b@example.com', password: '12345' }],
      ],
      problems: [],
    })
  })

  test('k2_password is password, and is said to be its old name', () => {
    expect(read('{"email":"a@example.com","k2_password":"one"}')).toEqual({
      credentials: [[':1', { email: 'a@example.com', password: 'one' }]],
      problems: [':1: "k2_password" is the old name of "password"; it is used'],
    })
  })

  test('beside password, k2_password does not count', () => {
    expect(read('{"email":"a@example.com","k2_password":"one","password":"two"}')).toEqual({
      credentials: [[':1', { email: 'a@example.com', password: 'two' }]],
      problems: [':1: has "password" and its old name "k2_password": the old one is ignored'],
    })
  })

  test('a JSON array of tokens and objects, as in TOKEN_POOL', () => {
    expect(read('["a1", {"email":"b@example.com","password":"x"},\n "c3"]')).toEqual({
      credentials: [
        ['[0]', { token: 'a1' }],
        ['[1]', { email: 'b@example.com', password: 'x' }],
        ['[2]', { token: 'c3' }],
      ],
      problems: [],
    })
  })

  test('a JSON object alone, over as many lines as it likes', () => {
    expect(read('\n{\n  "email": "a@example.com",\n  "password": "x"\n}\n')).toEqual({
      credentials: [[':2', { email: 'a@example.com', password: 'x' }]],
      problems: [],
    })
  })

  test('tokens and objects in one file', () => {
    expect(read('a1\n{"token":"b2"}').credentials).toEqual([
      [':1', { token: 'a1' }],
      [':2', { token: 'b2' }],
    ])
  })

  test.each([
    ['lines', '\uFEFFa1\r\n# b\r\nc3\r\n', [':1', ':3']],
    ['an array', '\uFEFF["a1",\r\n"c3"]\r\n', ['[0]', '[1]']],
  ])('a byte order mark and CRLF in %s', (_, text, places) => {
    const { credentials, problems } = read(text)
    expect(problems).toEqual([])
    expect(credentials).toEqual([
      [places[0], { token: 'a1' }],
      [places[1], { token: 'c3' }],
    ])
  })

  test.each(['', '\n\n', '# nothing\n', '[]', '\uFEFF'])('nothing in %j is nothing, and no problem', (text) => {
    expect(read(text)).toEqual({ credentials: [], problems: [] })
  })
})

describe('bad input', () => {
  test('duplicates are dropped, and it is said of what', () => {
    expect(read('a1\n# note\nb2\na1,b2')).toEqual({
      credentials: [
        [':1', { token: 'a1' }],
        [':3', { token: 'b2' }],
      ],
      problems: [':4: the same as line 1', ':4: the same as line 3'],
    })
    expect(read('["a1", {"token":"a1"}]').problems).toEqual(['[1]: the same as entry [0]'])
    expect(read('{"email":"a","password":"b"}\n{"password":"b","email":"a"}').problems).toEqual([
      ':2: the same as line 1',
    ])
  })

  const bad: [what: string, text: string, problem: string][] = [
    ['CR inside', 'sec\rret', 'holds a carriage return, which no token has'],
    ['NUL inside', 'sec\0ret', 'holds a NUL, which no token has'],
    ['a tab inside', 'sec\tret', 'holds a tab, which no token has'],
    ['an escape', 'sec\x1bret', 'holds the control character U+001B, which no token has'],
    ['a character nobody sees', 'sec\u200bret', 'holds the character U+200B, which no token has'],
    [
      'a comment behind it',
      'secret # mine',
      'holds a space: tokens are separated by commas or lines, and a comment has a line of its own',
    ],
    ['quotes around it', '"secret"', 'has quotes around it, which belong to no token'],
    ['single quotes', "'secret'", 'has quotes around it, which belong to no token'],
    ['half of its quotes', 'secret"', 'has quotes around it, which belong to no token'],
    ['nothing between commas', 'fine,,also', 'is empty'],
    ['a bracket', '}', 'holds neither a letter nor a digit, so it is no token'],
    ['absurd length', 'x'.repeat(65_537), 'has 65537 characters; more than 65536 are no credential'],
    ['half an object', '{"token":"secr', 'ends in the middle of its JSON'],
    ['a broken object', '{"token":secret}', 'is not valid JSON'],
    ['a list among lines', '["secret"]', 'begins a JSON list, which has to stand alone: without lines before it'],
    ['an empty object', '{}', 'is an object without fields'],
    ['a field of another kind', '{"token":true}', '"token" is a boolean where a text or a number belongs'],
    ['a null', '{"token":null}', '"token" is null where a text or a number belongs'],
    ['an object in a field', '{"token":{"secret":"x"}}', '"token" is an object where a text or a number belongs'],
    ['an empty value', '{"email":"a","password":""}', '"password" is empty'],
    ['CR LF in a value', '{"token":"sec\\r\\nret"}', '"token" holds a carriage return'],
    ['bytes that are not UTF-8', '{"password":"sec\uFFFDret"}', '"password" holds bytes that are not UTF-8'],
    ['quotes inside of quotes', '{"token":"\\"secret\\""}', '"token" has quotes inside of its quotes'],
    [
      'a number that loses digits',
      '{"id":12345678901234567890}',
      '"id" is a number that JSON cannot carry exactly: write it in quotes',
    ],
    [
      'a secret in the place of a name',
      '{"sk-secret-1":true}',
      'a field is a boolean where a text or a number belongs',
    ],
  ]
  test.each(bad)('%s: named by its line, and the good ones go on', (_, text, problem) => {
    const { credentials, problems } = read(`good1\n${text}\ngood2`)
    expect(problems).toEqual([`:2: ${problem}`])
    const tokens = credentials.map(([, values]) => (values as { token: string }).token)
    expect(tokens).toEqual(['good1', ...(text === 'fine,,also' ? ['fine', 'also'] : []), 'good2'])
  })

  const badEntries: [value: unknown, problem: string][] = [
    ['', 'is empty'],
    ['sec\r\nret', 'holds a carriage return, which no token has'],
    ['secret\n', 'holds a line feed, which no token has'],
    [1, 'is a number where a token or an object belongs'],
    [null, 'is null where a token or an object belongs'],
    [['secret'], 'is a list where a token or an object belongs'],
    [{ token: ['secret'] }, '"token" is a list where a text or a number belongs'],
  ]
  test.each(badEntries)('%j in an array: named by its index, and the good ones go on', (value, problem) => {
    expect(read(JSON.stringify(['good1', value, 'good2']))).toEqual({
      credentials: [
        ['[0]', { token: 'good1' }],
        ['[2]', { token: 'good2' }],
      ],
      problems: [`[1]: ${problem}`],
    })
  })

  test.each([
    ['["secret-one", "secret-t', 'ends in the middle of its JSON'],
    ['["secret-one",\n"secret-two"\n"secret-three"]', 'is not valid JSON'],
  ])('an array that breaks gives nothing: %j', (text, problem) => {
    const { credentials, problems } = read(text)
    expect(credentials).toEqual([])
    expect(problems).toHaveLength(1)
    expect(problems[0]).toContain(`${problem}, so no entry of this list can be read`)
  })

  test('what the caller finds wrong is said, with the values masked', () => {
    const check = (values: Readonly<Record<string, Secret>>) =>
      values.token?.reveal().startsWith('sk-')
        ? undefined
        : `"token" should begin with sk-, not be ${values.token?.reveal()}`
    expect(read('sk-1\nwrong-one\nsk-2', { check })).toEqual({
      credentials: [
        [':1', { token: 'sk-1' }],
        [':3', { token: 'sk-2' }],
      ],
      problems: [':2: "token" should begin with sk-, not be …'],
    })
  })

  test('of a file that is something else, a hundred problems are listed and the rest is counted', () => {
    const { problems } = read('"x"\n'.repeat(5000))
    expect(problems).toHaveLength(101)
    expect(problems.at(-1)).toBe(': 4900 more problems')
  })

  test('fault 66: no problem holds a piece of a secret, whatever is wrong with it', () => {
    const secret = canary('in-a-bad-line')
    const spoilt = [
      `"${secret}"`,
      `${secret} # mine`,
      `${secret}\0`,
      `\u200b${secret}`,
      `{"token":"${secret}`,
      `{"token":${secret}}`,
      `{"${secret}":null}`,
      `{"token":"${secret}\\n"}`,
      `{"email":"${secret}","password":["${secret}"]}`,
      `${secret},${secret}`,
    ]
    const texts = [
      ...spoilt,
      spoilt.join('\n'),
      JSON.stringify([`${secret}\n`, [secret], 1, secret, secret]),
      `["${secret}" "${secret}"]`,
    ]
    for (const text of texts) {
      const found = parseCredentials(text, { ...options, check: (values) => values.token?.reveal() })
      expect(found.problems.length).toBeGreaterThan(0)
      expect(leaked({ secret }, found)).toEqual([])
    }
  })
})
