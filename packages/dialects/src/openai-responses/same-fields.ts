/** Fields with the same name and meaning in both. `metadata` is not among them: a server gives it back with the response. */
export const sameFields = [
  'temperature',
  'top_p',
  'stream',
  'user',
  'safety_identifier',
  'prompt_cache_key',
  'prompt_cache_options',
  'prompt_cache_retention',
  'service_tier',
  'moderation',
] as const
