import {
  type AcquireCall,
  type Call,
  type Credential,
  DragomanError,
  isDragomanError,
  type Provider,
  type ProviderFactory,
  systemClock,
  untilStop,
} from '@dragoman/core'
import { normalizeStream, promptTools, type ToolDefinition } from '@dragoman/normalizer'
import { prompted } from '@dragoman/normalizer/formats/prompted'
import type { ChatCompletionChunk, ChatCompletionRequest } from '@dragoman/openai-schema'
import { abortOnLeave, events, type HttpResponse, isEventStream, readJson, renewOnce } from '@dragoman/upstream'
import { accepts } from './accepts.ts'
import { createConversations } from './conversations.ts'
import { createDecoder } from './decode-answer.ts'
import { inlineFiles } from './inline-files.ts'
import { modeFinder, toModel } from './models.ts'
import { credential, type OrionWebOptions, options, resolve } from './options.ts'
import { projectFinder } from './project-finder.ts'
import { type Conversation, createService } from './service.ts'
import { withTabLines } from './tab-lines.ts'
import { assertAlive } from './token-expiry.ts'
import { transcriptOf } from './transcript.ts'

const id = 'orion-web'

/** Orion (orionai.asia), by a session of your own account. Nothing about it is documented by its operators. */
export const orionWeb: ProviderFactory<OrionWebOptions> = {
  id,
  isSession: true,
  options,
  credential,
  create(options, environment = {}): Provider {
    const given = resolve(options)
    const { clock = systemClock } = environment
    const service = createService(given, environment, clock)
    const projects = projectFinder(service, given.projectName)
    const conversations = createConversations({ provider: id, service, projects, clock, keep: given.keepConversations })
    const modeOf = modeFinder(given.models)

    /** A conversation with the text in it, and the answer to it. */
    async function ask(
      { text, mode }: { readonly text: string; readonly mode: string },
      call: Call,
      left: AbortSignal,
    ): Promise<{ conversation: Conversation; response: HttpResponse }> {
      const conversation = await conversations.start(call, left)
      try {
        await service.addMessage(conversation, text, { ...call, left })
        return { conversation, response: await service.generate(conversation, mode, { ...call, left }) }
      } catch (error) {
        conversations.end(conversation, call)
        throw error
      }
    }

    async function chat(
      request: ChatCompletionRequest,
      call: Call,
      left: AbortSignal,
    ): Promise<AsyncIterator<ChatCompletionChunk, undefined>> {
      const mode = modeOf(request.model)
      const { refused } = accepts(request, given)
      if (refused) throw new DragomanError('unsupported_value', refused.message, { param: refused.param })
      assertAlive(call.credential, clock.now())
      const signal = AbortSignal.any([call.signal, left])
      const inline = await inlineFiles(request, { signal, allow: environment.mediaFrom, clock })
      const text = transcriptOf(promptTools(inline).messages)
      // Somebody may have deleted the conversation, or the project that was found earlier.
      const { conversation, response } = await renewOnce(
        () => ask({ text, mode }, call, left),
        () => projects.forget(call),
        (error) => isDragomanError(error) && error.code === 'deployment_not_found',
      )
      return answerOf(request, response, () => conversations.end(conversation, call))
    }

    async function* answerOf(
      request: ChatCompletionRequest,
      response: HttpResponse,
      done: () => void,
    ): AsyncGenerator<ChatCompletionChunk, undefined> {
      try {
        const errorFrom = (json: unknown) => response.errorFrom(json)
        const decoder = createDecoder({ model: request.model, clock, errorFrom })
        const chunks = isEventStream(response)
          ? events(withTabLines(response), decoder.event)
          : decoder.whole(await readJson(response))
        const { tool_choice: toolChoice } = request
        const answer = normalizeStream(chunks, { format: prompted, tools: offeredTools(request), toolChoice })
        yield* untilStop(answer, request)
      } finally {
        response.body.release()
        done()
      }
    }

    return {
      id,
      readsMarkup: true,
      accepts: (request) => accepts(request, given),
      chat: (request, call) => abortOnLeave((left) => chat(request, call, left)),
      models: async () => given.models.map(toModel),
      probe: (held: Credential, call: AcquireCall) => probe(() => service.projects({ ...call, credential: held })),
      async close() {
        await conversations.close()
        await service.close()
      },
    }
  },
}

/** Those that `promptTools` has told the model about. */
function offeredTools({ tools }: ChatCompletionRequest): readonly ToolDefinition[] {
  return (tools ?? []).filter((tool) => tool.type === 'function')
}

async function probe(ask: () => Promise<unknown>): Promise<'ok' | 'rejected' | 'challenged'> {
  try {
    await ask()
    return 'ok'
  } catch (error) {
    if (!isDragomanError(error)) throw error
    if (error.code === 'credential_rejected' || error.code === 'credential_disabled') return 'rejected'
    if (error.code === 'upstream_challenge') return 'challenged'
    throw error // it says nothing about the credential
  }
}
