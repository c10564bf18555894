import type { MarkupFormat, Opener, Reader } from '../markup-format.ts'
import { readByFirst } from '../read-block.ts'
import { readPythonCalls } from '../read-python-calls.ts'
import { everyReasoning } from '../reasoning.ts'
import { anthropicXml } from './anthropic-xml.ts'
import { apertus } from './apertus.ts'
import { cohere } from './cohere.ts'
import { deepseekDsml } from './deepseek-dsml.ts'
import { deepseekR1 } from './deepseek-r1.ts'
import { functionGemma } from './function-gemma.ts'
import { gemma4 } from './gemma4.ts'
import { glm } from './glm.ts'
import { granite30 } from './granite-3-0.ts'
import { harmony } from './harmony.ts'
import { hermes } from './hermes.ts'
import { hunyuanV3 } from './hunyuan-v3.ts'
import { internlm } from './internlm.ts'
import { k2Horizon } from './k2-horizon.ts'
import { kimiK2 } from './kimi-k2.ts'
import { kimiK3 } from './kimi-k3.ts'
import { lfm2 } from './lfm2.ts'
import { llamaJson } from './llama-json.ts'
import { llama4Pythonic } from './llama4-pythonic.ts'
import { longcat } from './longcat.ts'
import { minimaxM1 } from './minimax-m1.ts'
import { minimaxM2 } from './minimax-m2.ts'
import { minimaxM3 } from './minimax-m3.ts'
import { mistral } from './mistral.ts'
import { nemotron } from './nemotron.ts'
import { olmo3 } from './olmo3.ts'
import { qwen3Coder } from './qwen3-coder.ts'
import { seedOss } from './seed-oss.ts'
import { step3 } from './step3.ts'

/** Those whose openers no other family shares. */
const distinct: readonly MarkupFormat[] = [
  apertus,
  cohere,
  deepseekDsml,
  deepseekR1,
  functionGemma,
  gemma4,
  granite30,
  harmony,
  internlm,
  k2Horizon,
  kimiK2,
  kimiK3,
  lfm2,
  llama4Pythonic,
  llamaJson,
  longcat,
  minimaxM2,
  minimaxM3,
  mistral,
  nemotron,
  qwen3Coder,
  seedOss,
  step3,
]

/** What stands behind a shared opener tells the families apart. */
const shared: readonly Opener[] = [
  {
    text: '<tool_call>',
    family: 'tool_call',
    read: readByFirst({
      json: readerOf(hermes, '<tool_call>'),
      tags: readerOf(qwen3Coder, '<tool_call>'),
      text: readerOf(glm, '<tool_call>'),
    }),
  },
  {
    text: '<tool_calls>',
    family: 'tool_calls',
    read: readByFirst({ json: readerOf(minimaxM1, '<tool_calls>'), tags: readerOf(hunyuanV3, '<tool_calls>') }),
  },
  {
    text: '<function_calls>',
    family: 'function_calls',
    read: readByFirst({
      tags: readerOf(anthropicXml, '<function_calls>'),
      text: readerOf(olmo3, '<function_calls>'),
    }),
  },
  { text: '<function=', family: 'tool_call', read: readerOf(qwen3Coder, '<function=') },
  {
    text: '[',
    where: 'start',
    family: 'pythonic',
    read: readPythonCalls({ isList: true, isBare: true, closers: [], mustBeDeclared: true }),
  },
]

/**
 * For models of which nothing is known: the calls of all families, told apart by their openers, until the first call
 * says which family it is; and all reasoning tags.
 */
export const auto: MarkupFormat = {
  name: 'auto',
  reasoning: everyReasoning,
  openers: [
    ...distinct.flatMap(({ name, openers = [] }) => openers.map((opener) => ({ ...opener, family: name }))),
    ...shared,
  ],
  endTokens: ['<|im_end|>', '<|endoftext|>', '<|eot_id|>', '<|eom_id|>', '<｜end▁of▁sentence｜>', '[e~[', '</s>'],
}

function readerOf({ openers = [] }: MarkupFormat, text: string): Reader {
  const opener = openers.find((one) => one.text === text)
  if (!opener) throw new Error(`no opener ${text}`)
  return opener.read
}
