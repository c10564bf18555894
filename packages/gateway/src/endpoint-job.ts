import { type Call, DragomanError, type Endpoint, type EndpointAnswer, type EndpointBody } from '@dragoman/core'
import type { Target } from './deployments.ts'
import { EndpointLane } from './endpoint-lane.ts'
import type { Candidate, Job, OpenLane } from './job.ts'

/** What is asked of an endpoint besides chat. */
export interface EndpointCall {
  readonly endpoint: Endpoint
  /** The name asked for. */
  readonly model: string
  /** The client's body as it was parsed; undefined where it is a form. */
  readonly parsed?: unknown
  /** The client's body, with another model in it. Called for each attempt. */
  body(model: string): EndpointBody
}

const nothing: readonly string[] = []

/** A call to an endpoint besides chat. */
export class EndpointJob implements Job {
  readonly isStreamed = false
  readonly dialect = 'openai-chat'
  readonly #call: EndpointCall
  #lane: EndpointLane | undefined

  constructor(call: EndpointCall) {
    this.#call = call
  }

  get model(): string {
    return this.#call.model
  }

  get parsed(): unknown {
    return this.#call.parsed
  }

  get endpoint(): Endpoint {
    return this.#call.endpoint
  }

  /** Of the attempt that served. */
  get answer(): EndpointAnswer | undefined {
    return this.#lane?.answer
  }

  /** Nothing that is kept of one call serves another. */
  affinityKey(): undefined {
    return undefined
  }

  prepare(): undefined {
    return undefined
  }

  get refusal(): DragomanError {
    const { endpoint, model } = this.#call
    const message = `${model.slice(0, 200)} has no /v1/${endpoint}: none of its providers does`
    return new DragomanError('unsupported_endpoint', message, { param: 'model' })
  }

  candidate(target: Target): Candidate | undefined {
    const { provider } = target.entry
    if (!provider.serve || !provider.endpoints?.includes(this.#call.endpoint)) return undefined
    return { target, dropped: nothing, open: (call) => this.#open(target, call) }
  }

  #open({ entry: { provider }, model }: Target, call: Call): OpenLane {
    const { endpoint, body } = this.#call
    this.#lane = new EndpointLane(async () => {
      if (!provider.serve) throw new DragomanError('internal', `${provider.id} has no endpoints`) // looked at before
      return provider.serve({ endpoint, model, body: body(model) }, call)
    })
    return { lane: this.#lane, parsedBecause: undefined }
  }
}
