import { DragomanError } from '@dragoman/core'
import type { Model } from '@dragoman/openai-schema'

const bases = [
  'ChatGPT 4.1 Mini',
  'ChatGPT 4.1',
  'o4',
  'Gemini 2.5 Flash 05-20',
  'Gemini 2.5 Pro 06-05',
  'Claude 3.5 Sonnet',
  'Claude 4',
  'DeepSeek R1',
  'DeepSeek V3',
  'Grok 3 Mini',
  'Grok 3',
  'Grok 4',
]

const agents = ['Default', 'Writer', 'Researcher', 'Study', 'Developer', 'SEO Mode', 'Cybersecurity Mode']

/** Every model with every agent, as the service writes its modes: `Claude 4-Default`. */
export const modelNames: readonly string[] = bases.flatMap((base) => agents.map((agent) => `${base}-${agent}`))

/** Finds a mode by its exact text, or by the form that fits into a shell: `claude-4-default`. */
export function modeFinder(modes: readonly string[]): (model: string) => string {
  const bySlug = new Map(modes.map((mode) => [slugOf(mode), mode]))
  const exact = new Set(modes)
  return (model) => {
    const mode = exact.has(model) ? model : bySlug.get(slugOf(model))
    if (mode !== undefined) return mode
    const message = `Orion has no model ${JSON.stringify(model.slice(0, 100))} among those of its option \`models\``
    throw new DragomanError('model_not_found', message, { param: 'model' })
  }
}

export function toModel(mode: string): Model {
  return { id: mode, object: 'model', created: 0, owned_by: 'orion-web', display_name: mode }
}

function slugOf(name: string): string {
  return name.toLowerCase().replaceAll(' ', '-')
}
