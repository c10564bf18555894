import type { ChatCompletionRequest, Tool } from '@dragoman/openai-schema'
import type { EnsureToolCall } from '../deployments.ts'

/** How a tool call is insisted on for one request and one target. */
export interface Insistence {
  /** Calls to the model for one answer, the first among them. */
  readonly attempts: number
  readonly finishedBy: readonly string[]
  readonly answerFinished: boolean
}

const usualAttempts = 3
const mostAttempts = 5

/**
 * Undefined where nothing is insisted on: as nearly always, and where the client wants no call, one of its own choice,
 * or several answers at once.
 *
 * @param given what the deployment says
 * @param asked what the request says, which beats it
 * @param usual for what neither says
 */
export function insistenceOn(
  request: ChatCompletionRequest,
  given: boolean | EnsureToolCall | undefined,
  asked: boolean | undefined,
  usual: EnsureToolCall | undefined,
): Insistence | undefined {
  if (!(asked ?? Boolean(given))) return undefined
  if (!request.tools?.some(isCallable) || !leavesTheChoice(request) || (request.n ?? 1) > 1) return undefined
  const own = typeof given === 'object' ? given : undefined
  const attempts = own?.attempts ?? usual?.attempts ?? usualAttempts
  return {
    attempts: Math.min(Math.max(Math.floor(attempts), 1), mostAttempts),
    finishedBy: own?.finishedBy ?? usual?.finishedBy ?? [],
    answerFinished: own?.answerFinished ?? usual?.answerFinished ?? false,
  }
}

/** A tool whose calls come back to the client. Others a service runs by itself. */
function isCallable({ type }: Tool): boolean {
  return type === 'function' || type === 'custom'
}

function leavesTheChoice({ tool_choice: choice }: ChatCompletionRequest): boolean {
  if (choice === undefined || choice === null) return true
  return typeof choice === 'string' ? choice !== 'none' : choice.type === 'allowed_tools'
}
