export { type OpenVaultOptions, openVault } from './vault-file.ts'
export { derivedKey, type VaultKey, type VaultKeyFileOptions, vaultKey, vaultKeyFile } from './vault-key.ts'
export {
  type CredentialLocation,
  type CredentialWatch,
  type WatchCredentialsOptions,
  watchCredentials,
} from './watch-credentials.ts'
