import { DragomanError } from '@dragoman/core'
import type { AdmissionQuery } from '../../admission.ts'
import type { Target } from '../../deployments.ts'
import { allowedModels } from './allowed-models.ts'
import { asksForSearch, hostedToolIn, isTelling, namesIn } from './smuggled.ts'

/**
 * The targets of a plan that a key may use: all of the model that was asked for, and of those that stand in for it the
 * ones that it may ask for itself. Throws `permission_denied` where it may not use the model.
 */
export function permittedTargets(query: AdmissionQuery): readonly Target[] {
  const { rights, asked, plan, resolve } = query
  const allowed = allowedModels(rights)
  if (!allowed) return plan.targets
  if (!allowed.has(plan, resolve)) {
    const is = plan.name === asked ? '' : `, which is ${short(plan.name)}`
    throw denied('model', `this key may not use ${short(asked)}${is}. It may use ${list(allowed.listed)}`)
  }
  return permittedAmong(plan.targets, query)
}

/** Without those that stand in for others, and that the key may not ask for itself. */
export function permittedAmong(
  targets: readonly Target[],
  { rights, resolve }: Pick<AdmissionQuery, 'rights' | 'resolve'>,
): readonly Target[] {
  const allowed = allowedModels(rights)
  if (!allowed || !targets.some(({ fallback }) => fallback !== undefined)) return targets
  return targets.filter(({ fallback }) => {
    if (fallback === undefined) return true
    const meaning = resolve(fallback)
    return meaning !== undefined && allowed.has(meaning, resolve)
  })
}

/**
 * Holds a key with models of its own or a budget, or without hosted tools, to what it may use, by whatever name a request
 * may ask for more. Throws `permission_denied`, which names the field.
 *
 * @param targets those that may be called
 */
export function assertPermitted({ rights, plan, body, resolve }: AdmissionQuery, targets: readonly Target[]): void {
  const { allow } = rights
  if (rights.models === undefined && rights.budget === undefined && allow?.hostedTools !== false) return
  const isPlain = !isTelling(body)
  if (allow?.hostedTools !== true) {
    const isOperators = plan.resolvedBy === 'group' || plan.resolvedBy === 'alias' || plan.resolvedBy === 'default'
    const field = !isOperators && asksForSearch(plan.name) ? 'model' : isPlain ? undefined : hostedToolIn(body)
    if (field) throw denied(field, "this key may not use tools that run at the service (the key's allow.hostedTools)")
  }
  const allowed = allowedModels(rights)
  if (!allowed) return
  const mayCall = (model: string) =>
    targets.every((target) => isInPlan(model, target, targets) || allowed.hasUpstream(model, target, resolve))
  // Where a service takes several names in one, each of them is called.
  const isList = plan.resolvedBy === 'provider' || plan.resolvedBy === 'wildcard'
  if (isList && plan.name.includes(',')) {
    for (const { model } of targets) {
      for (const part of model.split(',')) if (!mayCall(part.trim())) throw deniedName('model', part, allowed.listed)
    }
  }
  if (isPlain) return
  for (const { field, value } of namesIn(body)) {
    if (!mayCall(value)) throw deniedName(field, value, allowed.listed)
  }
}

/** The key may use this target, so it may name it. */
function isInPlan(model: string, { entry }: Target, targets: readonly Target[]): boolean {
  return targets.some((target) => target.entry.id === entry.id && target.model === model)
}

function deniedName(field: string, name: string, listed: readonly string[]): DragomanError {
  return denied(field, `this key may not use ${short(name)} here. It may use ${list(listed)}`)
}

function denied(param: string, message: string): DragomanError {
  return new DragomanError('permission_denied', `${param}: ${message}`, { param })
}

const mostListed = 10

function list(models: readonly string[]): string {
  if (models.length === 0) return 'no model'
  const rest = models.length - mostListed
  return models.slice(0, mostListed).map(short).join(', ') + (rest > 0 ? ` and ${rest} more` : '')
}

function short(name: string): string {
  return JSON.stringify(name.slice(0, 200))
}
