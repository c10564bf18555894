import {
  type Clock,
  type Credential,
  DragomanError,
  isDragomanError,
  isRecord,
  type ProviderEnvironment,
} from '@dragoman/core'
import {
  createHttpClient,
  type HttpClient,
  type HttpResponse,
  parseJson,
  type RequestCall,
  readJson,
  readText,
} from '@dragoman/upstream'
import type { Settings } from './options.ts'
import { errorMapper, reportsError, serviceName } from './reported-error.ts'

const site = 'https://www.orionai.asia'

/** A conversation and the project that it belongs to. */
export interface Conversation {
  readonly projectId: string
  readonly id: string
}

export interface ServiceCall extends RequestCall {
  readonly credential: Credential
  readonly left?: AbortSignal | undefined
}

/** The calls of the site's own client, as far as they are needed. */
export interface OrionService {
  projects(call: ServiceCall): Promise<readonly { readonly id: string; readonly name: unknown }[]>
  createProject(name: string, call: ServiceCall): Promise<string>
  createConversation(projectId: string, call: ServiceCall): Promise<Conversation>
  addMessage(conversation: Conversation, text: string, call: ServiceCall): Promise<void>
  /** Answers to the messages that the conversation holds. */
  generate(conversation: Conversation, mode: string, call: ServiceCall): Promise<HttpResponse>
  /** Rejects with `deployment_not_found` when it was gone before. */
  deleteConversation(conversation: Conversation, call: ServiceCall): Promise<void>
  close(): Promise<void>
}

export function createService(
  options: Pick<Settings, 'chatUrl' | 'conversationUrl' | 'projectUrl' | 'messageUrl'>,
  { proxy }: ProviderEnvironment,
  clock: Clock,
): OrionService {
  const mapError = errorMapper(clock)
  // One for each origin, and nearly always there is one only.
  const clients = new Map<string, HttpClient>()
  const endpoint = (text: string) => {
    const { origin, pathname } = new URL(text)
    const client = clients.get(origin) ?? createHttpClient({ provider: serviceName, baseUrl: origin, proxy, clock })
    clients.set(origin, client)
    return { client, path: pathname.replace(/\/+$/, '') }
  }
  const chat = endpoint(options.chatUrl)
  const conversations = endpoint(options.conversationUrl)
  const projects = endpoint(options.projectUrl)
  const messages = endpoint(options.messageUrl)

  /** The page that the site's own client would be on. */
  const from = (page: string, { credential, ...call }: ServiceCall) => ({
    call: { ...call, credential },
    left: call.left,
    mapError,
    headers: {
      accept: '*/*',
      origin: site,
      referer: `${site}/${page}`,
      cookie: `token=${credential.values.token?.reveal() ?? ''}`,
    },
  })

  return {
    async projects(call) {
      const list = await prepared(projects.client.get(projects.path, from('', call)))
      if (!Array.isArray(list)) throw protocolError('answered with something else than a list of projects')
      return list.flatMap((entry: unknown) => {
        const id = idIn(entry)
        return id === undefined || !isRecord(entry) ? [] : [{ id, name: entry.name }]
      })
    },

    async createProject(name, call) {
      const id = idIn(await prepared(projects.client.post(projects.path, { ...from('', call), body: { name } })))
      if (id === undefined) throw protocolError('created a project without an id')
      return id
    },

    async createConversation(projectId, call) {
      const request = { ...from(pageOf({ projectId }), call), body: { projectId } }
      const created = await prepared(conversations.client.post(conversations.path, request))
      const id = idIn(created, 'conversationId', 'conversation_id')
      if (id === undefined) throw protocolError('created a conversation without an id')
      return { projectId, id }
    },

    async addMessage(conversation, text, call) {
      const path = `${messages.path}/${encodeURIComponent(conversation.id)}/message`
      const body = { content: text, role: 'user' }
      const response = await messages.client.post(path, { ...from(pageOf(conversation), call), body })
      // Whatever it says, which may be no JSON, is of no use, unless that is an error.
      const json = parseJson(await readText(response))
      if (reportsError(json)) throw response.errorFrom(json)
    },

    generate(conversation, mode, call) {
      const body = { conversationId: conversation.id, mode }
      return chat.client.post(chat.path, { ...from(pageOf(conversation), call), body, accept: 'text/event-stream' })
    },

    async deleteConversation(conversation, call) {
      const path = `${conversations.path}/${encodeURIComponent(conversation.id)}`
      const response = await conversations.client.delete(path, from(pageOf(conversation), call))
      const json = parseJson(await readText(response))
      if (reportsError(json)) throw response.errorFrom(json)
    },

    async close() {
      await Promise.all([...clients.values()].map((client) => client.close()))
    },
  }
}

function pageOf({ projectId, id }: { readonly projectId: string; readonly id?: string }): string {
  const project = `project/${encodeURIComponent(projectId)}`
  return id === undefined ? project : `${project}/conversation/${encodeURIComponent(id)}`
}

/** The JSON of an answer. A 400 here is about what we made up, and none of the caller's business. */
async function prepared(sent: Promise<HttpResponse>): Promise<unknown> {
  try {
    const response = await sent
    const json = await readJson(response)
    if (reportsError(json)) throw response.errorFrom(json)
    return json
  } catch (error) {
    if (!isDragomanError(error) || error.scope !== 'request') throw error
    const message = `Orion refused to prepare a conversation: ${error.message}`
    throw new DragomanError('upstream_protocol', message, { origin: 'upstream', cause: error })
  }
}

function idIn(value: unknown, ...others: readonly string[]): string | undefined {
  if (!isRecord(value)) return undefined
  const found = ['id', ...others]
    .map((name) => value[name])
    .find((id) => typeof id === 'string' || typeof id === 'number')
  return found === undefined || found === '' ? undefined : String(found)
}

function protocolError(what: string): DragomanError {
  return new DragomanError('upstream_protocol', `${serviceName} ${what}`, { origin: 'upstream' })
}
