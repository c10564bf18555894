import { DragomanError } from '@dragoman/core'
import type { Model } from '@dragoman/openai-schema'
import { z } from 'zod'
import { siteName } from './connect-error.ts'

export const siteModel = z.strictObject({
  scenario: z.string().min(1).describe("The site's name of it: SCENARIO_…"),
  model: z.string().optional().describe('`options.model`, where one scenario has several.'),
  thinking: z.boolean().optional().describe('Whether it thinks where the request says nothing.'),
  search: z.boolean().optional().describe("Whether the site's search is on."),
  sees: z.boolean().optional().describe('Whether it takes images.'),
  kimiplusId: z.string().optional(),
  agentMode: z.string().optional(),
})

export type SiteModel = z.output<typeof siteModel>

/** Seen in November 2026. They change more often than anything else here, so they are an option. */
export const siteModels: Readonly<Record<string, SiteModel>> = {
  'kimi-k2.6': { scenario: 'SCENARIO_K2D6', sees: true },
  'kimi-k2.5': { scenario: 'SCENARIO_K2D5', sees: true },
  'kimi-k2': { scenario: 'SCENARIO_K2' },
  'kimi-k2-thinking': { scenario: 'SCENARIO_K2_THINKING', thinking: true },
  'kimi-k1': { scenario: 'SCENARIO_K1', thinking: true },
  'kimi-search': { scenario: 'SCENARIO_SEARCH', search: true },
  'kimi-research': { scenario: 'SCENARIO_RESEARCH', search: true },
  'kimi-ok-computer': {
    scenario: 'SCENARIO_OK_COMPUTER',
    kimiplusId: 'ok-computer',
    agentMode: 'TYPE_NORMAL',
  },
}

const variants: Readonly<Record<string, Partial<SiteModel>>> = {
  '-thinking': { thinking: true },
  '-nothink': { thinking: false },
  '-search': { search: true },
}

/** The model of this name, or the variant of one: `kimi-k2.6-search`. */
export function findModel(name: string, models: Readonly<Record<string, SiteModel>>): SiteModel | undefined {
  if (Object.hasOwn(models, name)) return models[name]
  for (const [suffix, change] of Object.entries(variants)) {
    const base = name.slice(0, -suffix.length)
    if (name.endsWith(suffix) && Object.hasOwn(models, base)) return { ...models[base], ...change } as SiteModel // it is there
  }
  return undefined
}

export function modelNamed(name: string, models: Readonly<Record<string, SiteModel>>): SiteModel {
  const model = findModel(name, models)
  if (model) return model
  const known = Object.keys(models).join(', ')
  throw new DragomanError('model_not_found', `${siteName} has no model ${name}, only ${known}`, { param: 'model' })
}

/** All of them with the variants that say something new. */
export function listModels(models: Readonly<Record<string, SiteModel>>): Model[] {
  const names = Object.entries(models).flatMap(([name, { thinking, search }]) => [
    name,
    ...(thinking === undefined && search === undefined ? Object.keys(variants).map((suffix) => name + suffix) : []),
  ])
  return [...new Set(names)].map((id) => ({ id, object: 'model', created: 0, owned_by: siteName }))
}
