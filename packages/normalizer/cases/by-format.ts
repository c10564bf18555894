import type { Case } from '../src/test-case.ts'
import { cases as anthropicXml } from './anthropic-xml.ts'
import { cases as apertus } from './apertus.ts'
import { cases as apriel } from './apriel.ts'
import { cases as auto } from './auto.ts'
import { cases as cohere } from './cohere.ts'
import { cases as deepseekDsml } from './deepseek-dsml.ts'
import { cases as deepseekR1 } from './deepseek-r1.ts'
import { cases as deepseekV31 } from './deepseek-v3-1.ts'
import { cases as ernie } from './ernie.ts'
import { cases as functionGemma } from './function-gemma.ts'
import { cases as gemma3 } from './gemma3.ts'
import { cases as gemma4 } from './gemma4.ts'
import { cases as glm } from './glm.ts'
import { cases as granite } from './granite.ts'
import { cases as granite30 } from './granite-3-0.ts'
import { cases as granite31 } from './granite-3-1.ts'
import { cases as granite20bFc } from './granite-20b-fc.ts'
import { cases as harmony } from './harmony.ts'
import { cases as hermes } from './hermes.ts'
import { cases as hunyuan } from './hunyuan.ts'
import { cases as hunyuanV3 } from './hunyuan-v3.ts'
import { cases as internlm } from './internlm.ts'
import { cases as jamba } from './jamba.ts'
import { cases as k2Horizon } from './k2-horizon.ts'
import { cases as k2Think } from './k2-think.ts'
import { cases as kimiK2 } from './kimi-k2.ts'
import { cases as kimiK3 } from './kimi-k3.ts'
import { cases as kimiVl } from './kimi-vl.ts'
import { cases as lfm2 } from './lfm2.ts'
import { cases as llamaJson } from './llama-json.ts'
import { cases as llama4Pythonic } from './llama4-pythonic.ts'
import { cases as longcat } from './longcat.ts'
import { cases as minimaxM1 } from './minimax-m1.ts'
import { cases as minimaxM2 } from './minimax-m2.ts'
import { cases as minimaxM3 } from './minimax-m3.ts'
import { cases as mistral } from './mistral.ts'
import { cases as nemotron } from './nemotron.ts'
import { cases as olmo3 } from './olmo3.ts'
import { cases as phi4Mini } from './phi4-mini.ts'
import { cases as prompted } from './prompted.ts'
import { cases as pythonic } from './pythonic.ts'
import { cases as qwen3Coder } from './qwen3-coder.ts'
import { cases as reasoning } from './reasoning.ts'
import { cases as seedOss } from './seed-oss.ts'
import { cases as step3 } from './step3.ts'
import { cases as xlam } from './xlam.ts'

/** The cases of every format, by its name. */
export const casesByFormat: Readonly<Record<string, readonly Case[]>> = {
  anthropic_xml: anthropicXml,
  apertus,
  apriel,
  auto,
  cohere,
  deepseek_dsml: deepseekDsml,
  deepseek_r1: deepseekR1,
  deepseek_v3_1: deepseekV31,
  ernie,
  function_gemma: functionGemma,
  gemma3,
  gemma4,
  glm,
  granite,
  granite_20b_fc: granite20bFc,
  granite_3_0: granite30,
  granite_3_1: granite31,
  harmony,
  hermes,
  hunyuan,
  hunyuan_v3: hunyuanV3,
  internlm,
  jamba,
  k2_horizon: k2Horizon,
  k2_think: k2Think,
  kimi_k2: kimiK2,
  kimi_k3: kimiK3,
  kimi_vl: kimiVl,
  lfm2,
  llama_json: llamaJson,
  llama4_pythonic: llama4Pythonic,
  longcat,
  minimax_m1: minimaxM1,
  minimax_m2: minimaxM2,
  minimax_m3: minimaxM3,
  mistral,
  nemotron,
  olmo3,
  phi4_mini: phi4Mini,
  prompted,
  pythonic,
  qwen3_coder: qwen3Coder,
  reasoning,
  seed_oss: seedOss,
  step3,
  xlam,
}
