/** Exports in the forms in which providers give them, all of the same usage. */
export const openaiUsageCsv = `start_time,end_time,start_time_iso,end_time_iso,project_id,num_model_requests,user_id,api_key_id,model,batch,service_tier,input_tokens,output_tokens,input_cached_tokens,input_uncached_tokens
1793923200,1794009600,2026-11-06T00:00:00+00:00,2026-11-07T00:00:00+00:00,proj_1,10.0,user-1,key_1,gpt-5-mini-2025-08-07,FALSE,default,59200.0,10646.0,5760.0,53440.0
1793923200,1794009600,2026-11-06T00:00:00+00:00,2026-11-07T00:00:00+00:00,proj_1,1.0,user-1,key_2,gpt-5-mini-2025-08-07,FALSE,default,800.0,354.0,0.0,800.0
1794009600,1794096000,2026-11-07T00:00:00+00:00,2026-11-08T00:00:00+00:00,proj_1,8.0,user-1,key_1,gpt-5-2025-08-07,FALSE,default,46264.0,60000.0,8192.0,38072.0
1794096000,1794182400,2026-11-08T00:00:00+00:00,2026-11-09T00:00:00+00:00,,,,,,,,,,,
`

export const openaiUsageJson = JSON.stringify({
  object: 'page',
  data: [
    {
      object: 'bucket',
      start_time: 1793923200,
      end_time: 1794009600,
      results: [
        {
          object: 'organization.usage.completions.result',
          ...{ input_tokens: 60_000, output_tokens: 11_000, input_cached_tokens: 5_760, num_model_requests: 11 },
          model: 'gpt-5-mini-2025-08-07',
        },
      ],
    },
    {
      object: 'bucket',
      start_time: 1794009600,
      end_time: 1794096000,
      results: [{ input_tokens: 46_264, output_tokens: 60_000, input_cached_tokens: 8_192, model: 'gpt-5-2025-08-07' }],
    },
    { object: 'bucket', start_time: 1794096000, end_time: 1794182400, results: [] },
  ],
})

export const openaiCostsCsv = `start_time,end_time,start_time_iso,end_time_iso,amount_value,amount_currency,line_item,project_id
1793923200,1794009600,2026-11-06T00:00:00+00:00,2026-11-07T00:00:00+00:00,0.0135600000000,usd,"gpt-5-mini-2025-08-07, input",proj_1
1793923200,1794009600,2026-11-06T00:00:00+00:00,2026-11-07T00:00:00+00:00,0.0001440000000,usd,"gpt-5-mini-2025-08-07, cached input",proj_1
1793923200,1794009600,2026-11-06T00:00:00+00:00,2026-11-07T00:00:00+00:00,0.0220000000000,usd,"gpt-5-mini-2025-08-07, output",proj_1
`

export const anthropicUsageCsv = `usage_date_utc,model_version,api_key,workspace,usage_type,context_window,usage_input_tokens_no_cache,usage_input_tokens_cache_write_5m,usage_input_tokens_cache_write_1h,usage_input_tokens_cache_read,usage_output_tokens,web_search_count,inference_geo,speed
2026-11-06,claude-sonnet-4-5-20250929,"key, of the team",Default,standard,≤ 200k,1000,4000,2000,9000,500,0,not_available,
2026-11-06,claude-sonnet-4-5-20250929,other,Default,standard,≤ 200k,500,0,0,0,100,0,not_available,
`

export const anthropicCostCsv = `usage_date_utc,model,workspace,api_key,usage_type,context_window,token_type,cost_usd,list_price_usd,cost_type,inference_geo,speed,api_key_id,api_key_status
2026-11-06,Claude Sonnet 4.5,Default,key,message,≤ 200k,input_no_cache,0.00,0.00,token,not_available,,apikey_1,active
2026-11-06,Claude Sonnet 4.5,Default,key,message,≤ 200k,input_cache_write_5m,0.02,0.02,token,not_available,,apikey_1,active
2026-11-06,Claude Sonnet 4.5,Default,key,message,≤ 200k,output,0.01,0.01,token,not_available,,apikey_1,active
`

export const anthropicUsageJson = JSON.stringify({
  data: [
    {
      starting_at: '2026-11-06T00:00:00Z',
      ending_at: '2026-11-07T00:00:00Z',
      results: [
        {
          uncached_input_tokens: 1_500,
          cache_creation: { ephemeral_5m_input_tokens: 4_000, ephemeral_1h_input_tokens: 2_000 },
          ...{ cache_read_input_tokens: 9_000, output_tokens: 600, model: 'claude-sonnet-4-5-20250929' },
        },
      ],
    },
  ],
  has_more: false,
})

export const anthropicCostJson = JSON.stringify({
  data: [
    {
      starting_at: '2026-11-06T00:00:00Z',
      ending_at: '2026-11-07T00:00:00Z',
      results: [{ amount: '123.45', currency: 'USD', model: 'claude-sonnet-4-5', token_type: 'output_tokens' }],
    },
  ],
})

export const openrouterCsv = `generation_id,created_at,cost_total,cost_web_search,cost_cache,cost_file_processing,byok_usage_inference,tokens_prompt,tokens_completion,tokens_reasoning,tokens_cached,model_permaslug,provider_name
gen-1,2026-11-06 18:54:30.040,0.00123,,,,0,1200,40,10,800,anthropic/claude-4.5-sonnet-20250929,Anthropic
gen-2,2026-11-06 19:00:00.000,0.0001,,,,0.002,300,20,,,anthropic/claude-4.5-sonnet-20250929,Anthropic
`

export const openrouterJson = JSON.stringify({
  data: [
    {
      date: '2026-11-06 00:00:00',
      model: 'anthropic/claude-sonnet-4.5',
      model_permaslug: 'anthropic/claude-4.5-sonnet-20250929',
      ...{ usage: 0.00133, byok_usage_inference: 0.002, requests: 2 },
      ...{ prompt_tokens: 1_500, completion_tokens: 60, reasoning_tokens: 10 },
    },
  ],
})

export const googleTable = `Invoice number,123
Invoice date,2026-12-01

Project name,Service description,SKU description,Usage start date,Usage end date,Usage amount,Cost ($)
mine,Gemini API,Gemini 2.5 Flash Text Input - Predictions,2026-11-06,2026-11-06,"1,200","1,234.50"
mine,Gemini API,Gemini 2.5 Flash Lite Text Output - Predictions,2026-11-06,2026-11-06,10,0.25
,,,,,Total,"1,234.75"
`
