import { isRecord } from '@dragoman/core'
import type { AssistantMessage, ReasoningDetail } from '@dragoman/openai-schema'
import type { Fields } from './record.ts'

const format = 'google-gemini-v1'

/** What Google documents for calls that another model made: it is not checked then. */
const unchecked = 'skip_thought_signature_validator'

/** The signature that stands in `extra_content` of a call, a message or a delta. */
export function signatureIn(content: unknown): string | undefined {
  const { thought_signature: signature } = googleExtra(content)
  return typeof signature === 'string' && signature !== '' ? signature : undefined
}

/** `extra_content.google` */
export function googleExtra(content: unknown): Fields {
  return isRecord(content) && isRecord(content.google) ? content.google : {}
}

/** A signature as the canonical form has it. `callId`: the call that it signs; without one it signs the text. */
export function signatureDetail(data: string, callId: string | undefined): ReasoningDetail {
  return { type: 'reasoning.encrypted', data, format, ...(callId !== undefined && { id: callId }) }
}

/**
 * An earlier answer with its signatures where Gemini wants them back: those of `reasoning_details`, unless it brings them
 * in place. A turn whose first call has none (another model made it, or a client lost it) is a 400 for a model that
 * `needs` them, so there it says that it has none.
 */
export function signed(message: AssistantMessage, needs: boolean): AssistantMessage {
  const details = (message.reasoning_details ?? []).filter(isSignature)
  const calls = message.tool_calls?.map((call): Call => {
    if (call.type !== 'function' || signatureIn(call.extra_content) !== undefined) return call
    const known = details.find(({ id }) => id === call.id)
    return known ? withSignature(call, known.data) : call
  })
  const [first] = calls ?? []
  const isBare = needs && first?.type === 'function' && signatureIn(first.extra_content) === undefined
  const sent = calls?.map((call) =>
    isBare && call.type === 'function' && signatureIn(call.extra_content) === undefined
      ? withSignature(call, unchecked)
      : call,
  )
  const ofText = details.find(({ id }) => id === undefined || id === null)
  const isSigned = ofText === undefined || signatureIn(message.extra_content) !== undefined
  return { ...(isSigned ? message : withSignature(message, ofText.data)), ...(sent && { tool_calls: sent }) }
}

type Call = NonNullable<AssistantMessage['tool_calls']>[number]

function isSignature(detail: ReasoningDetail): detail is Extract<ReasoningDetail, { type: 'reasoning.encrypted' }> {
  return detail.type === 'reasoning.encrypted' && detail.format === format
}

function withSignature<T extends { extra_content?: unknown }>(signedPart: T, thought_signature: string): T {
  const { extra_content: extra } = signedPart
  const google = { ...googleExtra(extra), thought_signature }
  return { ...signedPart, extra_content: { ...(isRecord(extra) && extra), google } }
}
