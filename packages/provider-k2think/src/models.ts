import { DragomanError } from '@dragoman/core'

const organisation = 'MBZUAI-IFM/'
const current = 'K2-Think-v2'
/** Names of the first release, which the service answers with the current one. */
const earlier = ['K2-Think']
const noThink = '-nothink'

/** What a name of ours stands for. */
export interface ResolvedModel {
  /** The service's own id. */
  readonly id: string
  /** The client wants the answer without its reasoning: the model reasons all the same. */
  readonly hidesReasoning: boolean
}

/** All names that a client may use; `more` are ids that the service has beyond those known here. */
export function modelNames(more: readonly string[] = []): string[] {
  const ids = [organisation + current, ...earlier.map((name) => organisation + name), ...earlier, ...more]
  return [...new Set(ids.flatMap((id) => [id, id + noThink]))]
}

/** Throws `model_not_found` for a name that is none of `modelNames`; capital letters do not matter. */
export function resolveModel(name: string, more: readonly string[] = []): ResolvedModel {
  const hidesReasoning = name.toLowerCase().endsWith(noThink)
  const wanted = (hidesReasoning ? name.slice(0, -noThink.length) : name).toLowerCase()
  const own = more.find((id) => id.toLowerCase() === wanted)
  if (own !== undefined) return { id: own, hidesReasoning }
  const bare = wanted.startsWith(organisation.toLowerCase()) ? wanted.slice(organisation.length) : wanted
  if (![current, ...earlier].some((known) => known.toLowerCase() === bare)) {
    const message = `K2-Think has no model ${JSON.stringify(name)}; it has ${modelNames(more).join(', ')}`
    throw new DragomanError('model_not_found', message, { param: 'model' })
  }
  return { id: organisation + current, hidesReasoning }
}
