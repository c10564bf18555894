import type { Secret } from '@dragoman/core'

/** What an operator gave: an entry of a configuration, a line of a file. Equal values are one credential. */
export interface CredentialSource {
  /** By the names that the provider's credential schema gives them. */
  readonly values: Readonly<Record<string, Secret>>
  /** What stats call it; safe to show. Default: what of an address or a token may be shown. */
  readonly name?: string | undefined
  /** Its part of the leases under the strategy `weighted`. Default 1, and so is what is no positive number. */
  readonly weight?: number | undefined
  /** Where it stands (`dragoman.yaml`, `data/tokens.txt:3`); safe to show. */
  readonly from?: string | undefined
}

/** What was found in a file, a folder or a variable, the good beside the bad. */
export interface FoundCredentials {
  readonly credentials: readonly CredentialSource[]
  /** What could not be used, and where: `data/tokens.txt:3: …`. Without secrets. */
  readonly problems: readonly string[]
}
