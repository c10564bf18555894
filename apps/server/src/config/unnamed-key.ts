import { createHash } from 'node:crypto'

/**
 * What a key of a list is called that has no name: after the key itself. What a client keeps here is kept by that name,
 * and by its place another client would find it there as soon as a key before it is taken off the list.
 */
export function nameOfUnnamed(list: string, key: string): string {
  const digest = createHash('sha256').update(`name of the client key ${key.trim()}`).digest('hex')
  return `${list}-${digest.slice(0, 8)}`
}
