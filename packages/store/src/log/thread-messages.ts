import type { Batch } from './batch-layout.ts'

export interface ThreadOptions {
  readonly logThread: 'writes' | 'reads'
  readonly folder: string
  readonly segmentBytes: number
  readonly maxBytes?: number | undefined
  readonly now: number
}

export function isThreadOptions(value: unknown): value is ThreadOptions {
  return typeof value === 'object' && value !== null && 'logThread' in value
}

export type WriteMessage =
  | { readonly kind: 'batch'; readonly batch: Batch }
  | { readonly kind: 'flush'; readonly id: number }
  | { readonly kind: 'prune'; readonly id: number; readonly beforeAt?: number; readonly keepBytes?: number }
  | { readonly kind: 'close'; readonly id: number }

/** What the thread that writes says. */
export type WriteReply =
  | { readonly kind: 'opened'; readonly damaged?: string | undefined }
  | { readonly kind: 'failed'; readonly message: string }
  /** One batch is done with: written, or lost in part or in whole. Its memory comes back. */
  | {
      readonly kind: 'done'
      readonly lostEntries: number
      readonly lostBodies: number
      readonly bytes: Uint8Array<ArrayBuffer>
    }
  | { readonly kind: 'trouble'; readonly message: string | undefined }
  | { readonly kind: 'damaged'; readonly path: string }
  | { readonly kind: 'answer'; readonly id: number; readonly removed: number }

export interface ReadMessage {
  readonly id: number
  readonly ask: string
  readonly arguments: readonly unknown[]
}

export type ReadReply =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: string; readonly isDamage: boolean }
