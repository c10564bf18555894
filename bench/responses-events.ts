import { usage } from './contents.ts'
import type { EventCheck, StreamExpectation } from './stream-check.ts'
import type { Texts } from './texts.ts'
import { typedEvents } from './typed-events.ts'

interface Part {
  readonly type?: unknown
  readonly text?: unknown
}

interface Item {
  readonly id?: unknown
  readonly type?: unknown
  readonly status?: unknown
  readonly content?: readonly Part[]
}

/** What is looked at in an event, as far as it is there. */
interface ResponsesEvent {
  readonly type: string
  readonly sequence_number?: unknown
  readonly response?: {
    readonly id?: unknown
    readonly status?: unknown
    readonly output?: readonly Item[]
    readonly usage?: {
      readonly input_tokens?: unknown
      readonly output_tokens?: unknown
      readonly total_tokens?: unknown
    }
  }
  readonly output_index?: unknown
  readonly content_index?: unknown
  readonly item_id?: unknown
  readonly item?: Item
  readonly part?: Part
  readonly delta?: unknown
  readonly text?: unknown
}

/** OpenAI Responses: one message with one part of text, told again whole at each end. */
export function responsesEvents(texts: Texts, { asked }: StreamExpectation): EventCheck {
  const expected = usage(asked.chunks)
  let events = 0
  let responseId: unknown
  let itemId: unknown

  /** One message with all of the text in one part. */
  const isMessage = (item: Item | undefined) =>
    item?.type === 'message' &&
    item.id === itemId &&
    item.status === 'completed' &&
    item.content?.length === 1 &&
    isWhole(item.content[0])
  const isWhole = (part: Part | undefined) => part?.type === 'output_text' && part.text === texts.all

  function isRight(event: ResponsesEvent): boolean {
    const { type, response } = event
    switch (type) {
      case 'response.created':
        responseId = response?.id
        return typeof responseId === 'string' && response?.status === 'in_progress' && isEmpty(response.output)
      case 'response.in_progress':
        return response?.id === responseId && response?.status === 'in_progress' && isEmpty(response.output)
      case 'response.output_item.added':
        itemId = event.item?.id
        return typeof itemId === 'string' && event.item?.type === 'message' && isEmpty(event.item.content)
      case 'response.content_part.added':
        return event.part?.type === 'output_text' && event.part.text === ''
      case 'response.output_text.delta':
        return typeof event.delta === 'string'
      case 'response.output_text.done':
        return event.text === texts.all
      case 'response.content_part.done':
        return isWhole(event.part)
      case 'response.output_item.done':
        return isMessage(event.item)
      case 'response.completed':
        return (
          response?.id === responseId &&
          response?.status === 'completed' &&
          response.output?.length === 1 &&
          isMessage(response.output[0])
        )
      default:
        return true
    }
  }

  const isUsage = (told: NonNullable<ResponsesEvent['response']>['usage']) =>
    told?.input_tokens === expected.prompt_tokens &&
    told.output_tokens === expected.completion_tokens &&
    told.total_tokens === expected.total_tokens

  function isInPlace({ type, output_index, content_index, item_id }: ResponsesEvent): boolean {
    if (type.startsWith('response.output_item.')) return output_index === 0
    if (!/^response\.(content_part|output_text)\./.test(type)) return true
    return output_index === 0 && content_index === 0 && item_id === itemId
  }

  return typedEvents<ResponsesEvent>({
    order: [
      'response.created',
      'response.in_progress',
      'response.output_item.added',
      'response.content_part.added',
      'response.output_text.delta',
      'response.output_text.done',
      'response.content_part.done',
      'response.output_item.done',
      'response.completed',
    ],
    repeated: 'response.output_text.delta',
    idle: 'keepalive',
    fault(event) {
      const { type, sequence_number: number, delta, response } = event
      if (number !== events++) return `${type} has the number ${number} in the place of ${events - 1}`
      if (!isInPlace(event)) return `${type} is of another place`
      if (!isRight(event)) return `${type} does not hold what it has to`
      if (type === 'response.output_text.delta' && typeof delta === 'string') return texts.add(delta)
      if (type !== 'response.completed') return undefined
      return isUsage(response?.usage) ? undefined : 'the usage differs'
    },
  })
}

function isEmpty(list: readonly unknown[] | undefined): boolean {
  return Array.isArray(list) && list.length === 0
}
