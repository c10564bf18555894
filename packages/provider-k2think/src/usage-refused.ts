import { isDragomanError } from '@dragoman/core'
import type { ChatCompletionChunk } from '@dragoman/openai-schema'
import { renewOnce } from '@dragoman/upstream'

type Chunks = AsyncIterable<ChatCompletionChunk>

/**
 * Whether the service takes `stream_options` is not documented. Asks with them; where it answers that it does not know
 * them, asks once more without, and from then on so at once.
 */
export class UsageQuestion {
  #isAsked: boolean

  constructor(isAsked: boolean) {
    this.#isAsked = isAsked
  }

  /** Resolves with the first chunk, before which it may still be asked again. */
  open(ask: (wantsUsage: boolean) => Chunks): Promise<Chunks> {
    let wasAsked = this.#isAsked
    return renewOnce(
      () => {
        wasAsked = this.#isAsked
        return started(ask(wasAsked))
      },
      () => {
        this.#isAsked = false
      },
      (error) => wasAsked && isAboutStreamOptions(error),
    )
  }
}

/** The one refusal that has to be told from all other 400s; services name the field in the message or beside it. */
function isAboutStreamOptions(error: unknown): boolean {
  return isDragomanError(error) && error.scope === 'request' && /stream_options/.test(`${error.param} ${error.message}`)
}

async function started(chunks: Chunks): Promise<Chunks> {
  const iterator = chunks[Symbol.asyncIterator]()
  const first = await iterator.next()
  return (async function* () {
    try {
      for (let { done, value } = first; !done; { done, value } = await iterator.next()) yield value
    } finally {
      await iterator.return?.()
    }
  })()
}
