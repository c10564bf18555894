import { type ListedModel, priceTable } from './price-table.ts'

const byService = new Map<string, Map<string, ListedModel>>()
for (const { services, models } of priceTable) {
  for (const service of services) {
    const known = byService.get(service) ?? new Map<string, ListedModel>()
    for (const [name, model] of Object.entries(models)) known.set(name, model)
    byService.set(service, known)
  }
}

/**
 * What the table says of a model, by the id of the service and the service's own name for it: as that stands, else
 * without what stands before it (`models/`, `google/`) and without what says when it was made (`-2025-08-07`,
 * `-20250929`, `@20250929`) or that it is the newest of its kind (`-latest`).
 */
export function listedModel(service: string, model: string): ListedModel | undefined {
  const models = byService.get(service)
  if (!models) return undefined
  const name = model.toLowerCase()
  const bare = name.slice(name.lastIndexOf('/') + 1)
  return models.get(name) ?? models.get(bare) ?? models.get(bare.replace(stamp, ''))
}

const stamp = /(?:-latest|@default|[-@]20\d\d-?[01]\d-?[0-3]\d)$/
