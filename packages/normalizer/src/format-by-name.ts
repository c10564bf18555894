import { anthropicXml } from './formats/anthropic-xml.ts'
import { apertus } from './formats/apertus.ts'
import { apriel } from './formats/apriel.ts'
import { auto } from './formats/auto.ts'
import { cohere } from './formats/cohere.ts'
import { deepseekDsml } from './formats/deepseek-dsml.ts'
import { deepseekR1 } from './formats/deepseek-r1.ts'
import { deepseekV31 } from './formats/deepseek-v3-1.ts'
import { ernie } from './formats/ernie.ts'
import { functionGemma } from './formats/function-gemma.ts'
import { gemma3 } from './formats/gemma3.ts'
import { gemma4 } from './formats/gemma4.ts'
import { glm } from './formats/glm.ts'
import { granite } from './formats/granite.ts'
import { granite30 } from './formats/granite-3-0.ts'
import { granite31 } from './formats/granite-3-1.ts'
import { granite20bFc } from './formats/granite-20b-fc.ts'
import { harmony } from './formats/harmony.ts'
import { hermes } from './formats/hermes.ts'
import { hunyuan } from './formats/hunyuan.ts'
import { hunyuanV3 } from './formats/hunyuan-v3.ts'
import { internlm } from './formats/internlm.ts'
import { jamba } from './formats/jamba.ts'
import { k2Horizon } from './formats/k2-horizon.ts'
import { k2Think } from './formats/k2-think.ts'
import { kimiK2 } from './formats/kimi-k2.ts'
import { kimiK3 } from './formats/kimi-k3.ts'
import { kimiVl } from './formats/kimi-vl.ts'
import { lfm2 } from './formats/lfm2.ts'
import { llamaJson } from './formats/llama-json.ts'
import { llama4Pythonic } from './formats/llama4-pythonic.ts'
import { longcat } from './formats/longcat.ts'
import { minimaxM1 } from './formats/minimax-m1.ts'
import { minimaxM2 } from './formats/minimax-m2.ts'
import { minimaxM3 } from './formats/minimax-m3.ts'
import { mistral } from './formats/mistral.ts'
import { nemotron } from './formats/nemotron.ts'
import { olmo3 } from './formats/olmo3.ts'
import { phi4Mini } from './formats/phi4-mini.ts'
import { prompted } from './formats/prompted.ts'
import { pythonic } from './formats/pythonic.ts'
import { qwen3Coder } from './formats/qwen3-coder.ts'
import { reasoning } from './formats/reasoning.ts'
import { seedOss } from './formats/seed-oss.ts'
import { step3 } from './formats/step3.ts'
import { xlam } from './formats/xlam.ts'
import type { MarkupFormat } from './markup-format.ts'

const formats: readonly MarkupFormat[] = [
  anthropicXml,
  apertus,
  apriel,
  auto,
  cohere,
  deepseekDsml,
  deepseekR1,
  deepseekV31,
  ernie,
  functionGemma,
  gemma3,
  gemma4,
  glm,
  granite,
  granite20bFc,
  granite30,
  granite31,
  harmony,
  hermes,
  hunyuan,
  hunyuanV3,
  internlm,
  jamba,
  k2Horizon,
  k2Think,
  kimiK2,
  kimiK3,
  kimiVl,
  lfm2,
  llama4Pythonic,
  llamaJson,
  longcat,
  minimaxM1,
  minimaxM2,
  minimaxM3,
  mistral,
  nemotron,
  olmo3,
  phi4Mini,
  prompted,
  pythonic,
  qwen3Coder,
  reasoning,
  seedOss,
  step3,
  xlam,
]

const byName: ReadonlyMap<string, MarkupFormat> = new Map(formats.map((format) => [format.name, format]))

/** All of them, as configurations name them. */
export const formatNames: readonly string[] = formats.map(({ name }) => name)

/** The format of that name; undefined where there is none. Brings all formats into a bundle. */
export function formatByName(name: string): MarkupFormat | undefined {
  return byName.get(name)
}
