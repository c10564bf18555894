import type { ProviderFactory, Secret } from '@dragoman/core'
import { z } from 'zod'
import { branches, expectation, toJsonSchema } from './json-schema.ts'

/** What is needed to read credentials of one type from a file. */
export interface CredentialFields {
  /** What a line that is only a token is. */
  readonly field: string
  /** What is wrong with values, in words that hold none of them; undefined where nothing is. */
  check(values: Readonly<Record<string, Secret>>): string | undefined
}

export function credentialFields({ credential }: ProviderFactory): CredentialFields {
  const schema = credential instanceof z.ZodObject ? credential.strict() : credential
  const json = toJsonSchema(schema)
  // Of an account and a session, say, it is the one that needs nothing beside it.
  const forms = branches(json).map(({ required = [], properties = {} }) => ({
    required,
    names: Object.keys(properties),
  }))
  const form = forms.find(({ required, names }) => required.length === 1 || names.length === 1) ?? forms[0]
  const field = form?.required[0] ?? form?.names[0] ?? 'token'
  const expected = `expected ${expectation(json)}`
  return {
    field,
    check(values) {
      const texts = Object.entries(values).map(([name, secret]) => [name, secret.reveal()])
      return schema.safeParse(Object.fromEntries(texts)).success ? undefined : expected
    },
  }
}
