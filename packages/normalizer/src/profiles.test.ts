import { expect, test } from 'vitest'
import { formatByName } from './format-by-name.ts'
import { profileOf } from './profiles.ts'

test.each([
  ['moonshotai/Kimi-K2-Instruct-0905', 'kimi_k2', 'text'],
  ['moonshotai/Kimi-K2-Thinking', 'kimi_k2', 'reasoning'],
  ['accounts/fireworks/models/kimi-k2p5', 'kimi_k2', 'reasoning'],
  ['kimi-k2.7-code-highspeed', 'kimi_k2', 'reasoning'],
  ['kimi-k3.1-pro', 'kimi_k3', 'text'],
  ['moonshotai/Kimi-VL-A3B-Thinking', 'kimi_vl', 'text'],
  ['deepseek-ai/DeepSeek-R1-0528', 'deepseek_r1', 'reasoning'],
  ['us.deepseek.r1-v1:0', 'deepseek_r1', 'reasoning'],
  ['deepseek-ai/DeepSeek-V3-0324', 'deepseek_r1', 'text'],
  ['deepseek-ai/DeepSeek-V3.1-Terminus', 'deepseek_v3_1', 'text'],
  ['deepseek-ai/DeepSeek-V3.2-Exp', 'deepseek_v3_1', 'text'],
  ['deepseek-ai/DeepSeek-V3.2', 'deepseek_dsml', 'text'],
  ['accounts/fireworks/models/deepseek-v3p2', 'deepseek_dsml', 'text'],
  ['deepseek-v4-pro', 'deepseek_dsml', 'text'],
  ['NousResearch/Hermes-3-Llama-3.1-8B', 'hermes', 'text'],
  ['Qwen/Qwen2.5-72B-Instruct', 'hermes', 'text'],
  ['Qwen/QwQ-32B', 'hermes', 'reasoning'],
  ['Qwen/Qwen3-235B-A22B', 'hermes', 'text'],
  ['Qwen/Qwen3-235B-A22B-Thinking-2507', 'hermes', 'reasoning'],
  ['qwen3:30b-a3b', 'hermes', 'text'],
  ['Qwen/Qwen3-Coder-480B-A35B-Instruct', 'qwen3_coder', 'text'],
  ['qwen-3-coder-480b', 'qwen3_coder', 'text'],
  ['Qwen/Qwen3.5-397B-A17B', 'qwen3_coder', 'reasoning'],
  ['Qwen/Qwen-72B-Chat', 'hermes', 'text'],
  ['zai-org/GLM-4.5-Air', 'glm', 'text'],
  ['zai-org/GLM-4.6', 'glm', 'text'],
  ['glm-4p7', 'glm', 'reasoning'],
  ['zai-org/GLM-5.1', 'glm', 'reasoning'],
  ['MiniMaxAI/MiniMax-M1-80k', 'minimax_m1', 'text'],
  ['MiniMaxAI/MiniMax-M2.1', 'minimax_m2', 'reasoning'],
  ['MiniMaxAI/MiniMax-M3', 'minimax_m3', 'text'],
  ['mistralai/Devstral-Small-2507', 'mistral', 'text'],
  ['meta-llama/Llama-3.3-70B-Instruct', 'llama_json', 'text'],
  ['meta.llama3-1-70b-instruct-v1:0', 'llama_json', 'text'],
  ['meta-llama/Llama-4-Scout-17B-16E-Instruct', 'llama4_pythonic', 'text'],
  ['nvidia/Llama-3_3-Nemotron-Super-49B-v1_5', 'nemotron', 'text'],
  ['nvidia/NVIDIA-Nemotron-Nano-9B-v2', 'nemotron', 'reasoning'],
  ['nvidia/NVIDIA-Nemotron-3-Nano-30B-A3B', 'qwen3_coder', 'reasoning'],
  ['openai/gpt-oss-120b', 'harmony', 'text'],
  ['CohereLabs/command-a-reasoning-08-2025', 'cohere', 'reasoning'],
  ['CohereLabs/c4ai-command-r7b-12-2024', 'cohere', 'text'],
  ['ibm-granite/granite-3.0-8b-instruct', 'granite_3_0', 'text'],
  ['ibm-granite/granite-3.1-8b-instruct', 'granite_3_1', 'text'],
  ['ibm-granite/granite-4.0-h-small', 'granite', 'text'],
  ['ibm-granite/granite-20b-functioncalling', 'granite_20b_fc', 'text'],
  ['tencent/Hunyuan-A13B-Instruct', 'hunyuan', 'text'],
  ['ByteDance-Seed/Seed-OSS-36B-Instruct', 'seed_oss', 'reasoning'],
  ['microsoft/Phi-4-mini-instruct', 'phi4_mini', 'text'],
  ['microsoft/Phi-4-mini-reasoning', 'reasoning', 'text'],
  ['Salesforce/Llama-xLAM-2-8b-fc-r', 'xlam', 'text'],
  ['internlm/Intern-S1', 'internlm', 'text'],
  ['stepfun-ai/step3', 'step3', 'reasoning'],
  ['stepfun-ai/Step-3.5-Flash', 'qwen3_coder', 'reasoning'],
  ['baidu/ERNIE-4.5-21B-A3B-Thinking', 'ernie', 'reasoning'],
  ['baidu/ERNIE-4.5-300B-A47B-PT', 'ernie', 'text'],
  ['ServiceNow-AI/Apriel-1.5-15b-Thinker', 'apriel', 'reasoning'],
  ['meituan-longcat/LongCat-Flash-Chat', 'longcat', 'text'],
  ['meituan-longcat/LongCat-Flash-Thinking', 'longcat', 'reasoning'],
  ['LLM360/K2-Think', 'k2_think', 'text'],
  ['allenai/Olmo-3-32B-Think', 'olmo3', 'reasoning'],
  ['LiquidAI/LFM2-8B-A1B', 'lfm2', 'text'],
  ['google/gemma-3-27b-it', 'gemma3', 'text'],
  ['google/functiongemma-270m-it', 'function_gemma', 'text'],
  ['ai21labs/AI21-Jamba-Mini-1.7', 'jamba', 'text'],
  ['swiss-ai/Apertus-70B-Instruct-2509', 'apertus', 'text'],
  ['LGAI-EXAONE/EXAONE-4.0-32B', 'hermes', 'text'],
])('%s writes %s and starts in %s', (model, format, startsIn) => {
  expect(profileOf(model)).toMatchObject({ format, startsIn })
  expect(formatByName(format)?.name).toBe(format)
})

test.each(['gpt-4.1', 'claude-sonnet-4-5', 'gemini-2.5-pro', 'demo', '', '/'])('%j is not known', (model) => {
  expect(profileOf(model)).toBeUndefined()
})

test.each([
  [{ thinking: { type: 'enabled' } }, 'reasoning'],
  [{ thinking: { type: 'disabled' } }, 'text'],
  [{ enable_thinking: true }, 'reasoning'],
  [{ chat_template_kwargs: { thinking: true } }, 'reasoning'],
  [{ chat_template_kwargs: { enable_thinking: false } }, 'text'],
  [{ reasoning: { enabled: true } }, 'reasoning'],
  [{ reasoning: { effort: 'none' } }, 'text'],
  [{ reasoning_effort: 'high' }, 'reasoning'],
  [{ reasoning_effort: 'none' }, 'text'],
])('a hybrid model that is asked for %j starts in %s', (request, startsIn) => {
  expect(profileOf('deepseek-v3.1', { request })?.startsIn).toBe(startsIn)
  expect(profileOf('glm-5', { request })?.startsIn).toBe(startsIn)
})

test('a model that always thinks does so whatever is asked', () => {
  expect(profileOf('kimi-k2-thinking', { request: { enable_thinking: false } })?.startsIn).toBe('reasoning')
})

test('names of tools are repaired by schema for Kimi alone', () => {
  expect(profileOf('kimi-k2')?.repairToolNames).toBe('schema')
  expect(profileOf('glm-4.6')).not.toHaveProperty('repairToolNames')
})

test('own rules go before the table', () => {
  const rules = [{ pattern: /^house-model/, format: 'hermes', opens: 'always' as const }]
  expect(profileOf('lab/house_model-2', { rules })).toEqual({ format: 'hermes', startsIn: 'reasoning' })
  expect(profileOf('glm-4.6', { rules })?.format).toBe('glm')
})

test('a hostile name costs no time', () => {
  expect(profileOf('deepseek'.repeat(1_000_000))).toBeUndefined()
})
