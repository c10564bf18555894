import { type DragomanError, errorTable, errorBody as openaiErrorBody } from '@dragoman/core'

/** The body of an error in the Messages dialect. The outer `type` is how clients tell it from an answer. */
export interface MessagesErrorBody {
  type: 'error'
  error: { type: string; message: string }
  request_id?: string
}

export function errorBody(error: DragomanError, requestId?: string): MessagesErrorBody {
  const body: MessagesErrorBody = {
    type: 'error',
    error: { type: errorTable[error.code].messagesType, message: messageOf(error) },
  }
  if (requestId !== undefined) body.request_id = requestId
  return body
}

/** Claude Code compacts its conversation when it reads one of these, and gives up otherwise. */
const isAboutLength = /prompt is too long|maximum context length|context window/i

function messageOf(error: DragomanError): string {
  const { message } = openaiErrorBody(error).error
  const isTooLong = error.code === 'context_length_exceeded' || error.publicCode === 'context_length_exceeded'
  return isTooLong && !isAboutLength.test(message) ? `prompt is too long: ${message}` : message
}
