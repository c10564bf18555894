import type { CredentialSource } from './credential-source.ts'

/** So much of a value that is shorter would tell too much of it. */
const LEAST_LENGTH = 20

/** What its owner knows a credential by: `j…@example.com`, `…x7Qd`, or `…` where nothing may be shown. */
export function tokenName(values: CredentialSource['values']): string {
  const person = (values.email ?? values.username)?.reveal().trim()
  if (person) return printable(masked(person))
  let longest = ''
  for (const value of Object.values(values)) {
    const text = value.reveal().trim()
    if (text.length > longest.length) longest = text
  }
  return longest.length < LEAST_LENGTH ? '…' : printable(`…${longest.slice(-4)}`)
}

function masked(person: string): string {
  const [first = ''] = person
  const at = person.lastIndexOf('@')
  return at > 0 ? `${first}…${person.slice(at)}` : `${first}…`
}

/** Names stand in logs and terminals: nothing that starts a line or a control sequence. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '')
}
