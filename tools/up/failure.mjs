// @ts-check

/** Ends the program with a message for the person who must act, and no stack. */
export class Failure extends Error {
  /** @param {string} message @param {number} [exitCode] */
  constructor(message, exitCode = 1) {
    super(message)
    this.exitCode = exitCode
  }
}

export const UNREACHABLE =
  'The npm registry cannot be reached. Check the network, the proxy (HTTPS_PROXY) and npm\'s "registry" setting. Only the first start needs it.'

/**
 * Whether the output of npm or pnpm tells of a network that does not work.
 *
 * @param {string} output
 */
export function isUnreachable(output) {
  return /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT|EIDLETIMEOUT|error sending request|dns error|failed to lookup/i.test(
    output,
  )
}
