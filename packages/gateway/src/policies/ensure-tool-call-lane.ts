import type { ChatCompletionRequest } from '@dragoman/openai-schema'
import type { OpenLane } from '../job.ts'
import { ParsedLane } from '../parsed-lane.ts'
import { InsistedRounds, type Round, type RoundsOptions } from './ensure-tool-call-rounds.ts'

/** A call, and who reads the markup of its answer. */
export interface ReadRound extends Round {
  readonly reader: OpenLane['markup']
}

export interface InsistedLaneOptions extends RoundsOptions {
  round(request: ChatCompletionRequest): ReadRound
}

/** The answer to as many calls as it takes to get a tool call. */
export function insistedLane(options: InsistedLaneOptions): Pick<OpenLane, 'lane' | 'rounds' | 'markup'> {
  let reader: OpenLane['markup']
  const round = (request: ChatCompletionRequest) => {
    const begun = options.round(request)
    reader = begun.reader
    return begun
  }
  const rounds = new InsistedRounds({ ...options, round })
  // Its first output may well be its last, and nobody but the rounds sees what comes in between.
  const lane = new ParsedLane({
    open: () => rounds,
    transforms: [],
    canonical: rounds,
    answersWhole: true,
    watchesItself: true,
  })
  const markup = {
    get found() {
      return reader?.found
    },
  }
  return { lane, rounds, markup }
}
