import { createHmac } from 'node:crypto'

/** What a signature stands for. */
export interface SignedCall {
  readonly requestId: string
  /** Unix milliseconds. */
  readonly timestamp: number
  readonly userId: string
  /** Text of the last message of the user; may be empty. */
  readonly prompt: string
}

const windowMs = 300_000

/**
 * `X-Signature` of a call, in lower-case hex. The site's own root key is made into one for five minutes, as hex text,
 * and that signs the sorted parameters, the prompt in base64 and the time.
 */
export function sign(rootKey: string, { requestId, timestamp, userId, prompt }: SignedCall): string {
  const parameters = `requestId,${requestId},timestamp,${timestamp},user_id,${userId}`
  const message = `${parameters}|${Buffer.from(prompt).toString('base64')}|${timestamp}`
  const windowKey = hmac(rootKey, String(Math.floor(timestamp / windowMs)))
  return hmac(windowKey, message)
}

function hmac(key: string, message: string): string {
  return createHmac('sha256', key).update(message).digest('hex')
}
