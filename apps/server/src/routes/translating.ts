import type { ReasoningSeal } from '@dragoman/core'
import { type Answer, createReasoningSeal, type Gateway } from '@dragoman/gateway'
import type { OpenRequests } from '../http/exchange.ts'
import type { bodyReader } from '../http/read-json.ts'

/** What routes of other dialects than Chat Completions need. */
export interface TranslatingOptions {
  readonly gateway: Gateway
  readonly open: OpenRequests
  readonly readJson: ReturnType<typeof bodyReader>
  readonly sealFor: SealFor
}

/** For one request of a client. */
export type SealFor = (client: string) => Promise<Sealing>

export interface Sealing {
  readonly seal: ReasoningSeal
  /** To be told of the answer: what is sealed after that says whose it is. */
  onAnswer(answer: Answer): void
}

export function sealsBy(key: () => Promise<Uint8Array>): SealFor {
  return async (client) => {
    let answer: Answer | undefined
    return {
      seal: createReasoningSeal({ key: await key(), client, origin: () => answer?.route?.origin }),
      onAnswer(given) {
        answer = given
      },
    }
  }
}
