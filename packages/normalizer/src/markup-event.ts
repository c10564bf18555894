/**
 * What a parser makes of a model's text, in the order of the text.
 *
 * Texts are never empty. Of one call comes `tool-call` first, then its arguments piece by piece, then `tool-call-end`;
 * indexes count from 0 without gaps. The pieces of arguments add up to the text of a JSON object, unless the call ended
 * `incomplete` (the text ended first) or `invalid` (what the model wrote could not be mended).
 */
export type MarkupEvent =
  | { type: 'content'; text: string }
  | { type: 'reasoning'; text: string }
  | { type: 'tool-call'; index: number; id: string; name: string }
  | { type: 'tool-arguments'; index: number; text: string }
  | { type: 'tool-call-end'; index: number; state: CallState }

export type CallState = 'complete' | 'incomplete' | 'invalid'

/** The model was done, ran into its limit (or a filter), or the stream broke. */
export type EndedHow = 'stop' | 'length' | 'cut'

/** What was changed and why: for logs and counts. Never holds text of the answer beyond a tool's name. */
export interface Repair {
  readonly kind: RepairKind
  readonly detail?: string | undefined
  /** Of the call it happened in. */
  readonly index?: number | undefined
}

export type RepairKind =
  | 'tool-name'
  | 'control-character'
  | 'trailing-comma'
  | 'missing-comma'
  | 'quotes'
  | 'unquoted-key'
  | 'literal'
  | 'number'
  | 'comment'
  | 'escape'
  | 'surplus-closer'
  | 'missing-closer'
  | 'encoded-arguments'
  | 'coerced'
  | 'stray-closer'
  | 'filler'
  | 'truncated'
