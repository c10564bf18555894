/**
 * Names of the formats whose marks stand in `text`, the first mark first; empty where there are none. A guess for
 * finding out how an unknown model writes, from a whole answer: text that quotes a mark is taken for its format too.
 *
 * Formats that a reader cannot tell apart by their marks are named by the more common one. Linear in the text.
 */
export function detect(text: string): string[] {
  const found: { name: string; at: number }[] = []
  for (const [name, mark] of Object.entries(marks)) {
    const at = text.search(mark)
    if (at >= 0) found.push({ name, at })
  }
  // Tags of reasoning are common to many: they tell something only where nothing else does.
  const calls = found.length > 1 ? found.filter(({ name }) => name !== 'reasoning') : found
  return calls.sort((a, b) => a.at - b.at).map(({ name }) => name)
}

/** What no other format writes. Tags that several share are told apart by what follows them. */
const marks: Readonly<Record<string, RegExp>> = {
  kimi_k2: /<\|tool_calls?_(section_begin|begin)\|>/,
  kimi_k3: /<\|open\|>\s*(think|response|tools)/,
  kimi_vl: /◁think▷|◁\/think▷/,
  deepseek_dsml: /<[｜|]{1,2}DSML[｜|]{1,2}/,
  deepseek_r1: /<｜tool[▁ _]call[▁ _]begin｜>function<｜tool[▁ _]sep｜>[^<\n]*\n```/,
  deepseek_v3_1: /<｜tool▁call▁begin｜>(?!function<｜tool▁sep｜>)/,
  step3: /<steptml:/,
  hermes: /<tool_call>\s*[{[]/,
  qwen3_coder: /<function=[^<>\s]/,
  glm: /<tool_call>\s*[^\s<{[]+(\s|\\n){0,64}<(arg_key|\/tool_call)>/,
  minimax_m1: /<tool_calls>\s*\{/,
  minimax_m2: /<minimax:tool_call>/,
  minimax_m3: /\]<\]minimax\[>\[/,
  mistral: /\[TOOL_CALLS\]|\[THINK\]/,
  llama_json: /<\|python_tag\|>/,
  llama4_pythonic: /<\|python_start\|>/,
  lfm2: /<\|tool_call_start\|>/,
  olmo3: /<function_calls>\s*[\w.]+\(/,
  gemma3: /```tool_code/,
  gemma4: /<\|tool_call>|<\|channel>/,
  function_gemma: /<start_function_call>/,
  harmony: /<\|channel\|>(analysis|commentary|final)/,
  cohere: /<\|START_(THINKING|RESPONSE|ACTION|TEXT)\|>/,
  granite_3_0: /<\|tool_call\|>\s*\[/,
  granite_20b_fc: /<function_call>\s*\{/,
  hunyuan: /<tool_calls>\s*\[/,
  hunyuan_v3: /<tool_sep(:opensource)?>/,
  seed_oss: /<seed:(think|tool_call)>/,
  phi4_mini: /\bfunctools\s*\[\s*\{/,
  internlm: /<\|action_start\|>/,
  nemotron: /<TOOLCALL>\s*\[/,
  apriel: /\[BEGIN FINAL RESPONSE\]/,
  longcat: /<longcat_(think|tool_call)>/,
  k2_horizon: /<ifm\|/,
  apertus: /<\|tools_prefix\|>|<\|inner_prefix\|>/,
  anthropic_xml: /<function_calls>\s*<invoke /,
  prompted: /"tool_calls"\s*:\s*\[\s*\{/,
  reasoning: /<\/?(think|thinking|thought|reasoning)>/,
}
