import { type ModelGroup, type Target, targetName } from './deployments.ts'
import { byDefault, bySuffix, type Meaning, type Names, type ResolvedBy, resolve } from './names.ts'
import type { Price } from './pricing/price.ts'
import { hashOf } from './rendezvous.ts'
import { type Circumstances, type Contender, inOrder, type Strategy } from './strategies.ts'
import type { TargetFacts } from './target-facts.ts'

export interface RoutePlan {
  /** The group's name or `<provider>/<model>`. */
  readonly name: string
  readonly resolvedBy: ResolvedBy
  /**
   * To be tried in this order: those of the group and of its fallbacks (`Target.fallback`) that are well, then those of
   * both that rest.
   */
  readonly targets: readonly Target[]
  readonly healthy: number
  readonly strategy: Strategy
  /** The settings that hold for the request; undefined where no group was named. */
  readonly group?: ModelGroup | undefined
  /** The first target's, where the plan is to find out whether it works again: nobody else need try. */
  readonly probed?: TargetFacts | undefined
}

/** What does not change from one request to the next. */
export interface Rules {
  readonly defaultStrategy: Strategy
  /** What the tokens of a target cost, where that is known. */
  price(target: Target): Price | undefined
}

/** How things are at the moment. */
export interface View extends Circumstances {
  /** Milliseconds of `Clock.elapsed`. */
  readonly now: number
}

/** Which targets serve a name, and in what order now. Pure. Undefined when nothing serves the name. */
export function plan(asked: string, names: Names, rules: Rules, view: View): RoutePlan | undefined {
  const found = resolve(asked, names) ?? bySuffix(asked, names) ?? byDefault(names)
  return found && ordered(routeOf(found, names, rules), view)
}

/** The targets of one group, which stand in the order of its strategy. */
interface Stage {
  readonly strategy: Strategy
  readonly contenders: readonly Contender[]
}

/** All that can be said about a request for a name before it comes. */
export interface Route {
  readonly meaning: Meaning
  readonly strategy: Strategy
  /** Of the group, then of its fallbacks. */
  readonly stages: readonly Stage[]
  /** The plan when all targets are well, where it is the same each time. */
  readonly calm: RoutePlan | undefined
}

export function routeOf(meaning: Meaning, names: Names, rules: Rules): Route {
  const own = stageOf(meaning, rules)
  const seen = [...meaning.targets]
  const fallbacks = (meaning.group?.fallbacks ?? []).flatMap((name) => {
    const standing = standIn(name, names)
    if (!standing) return []
    const targets = standing.targets.filter((target) => !seen.some((other) => isSame(target, other)))
    seen.push(...targets)
    return stageOf({ ...standing, targets }, rules)
  })
  const { strategy } = own
  const stages = [own, ...fallbacks]
  const isFixed = stages.every(({ strategy, contenders }) => strategy === 'first' || contenders.length < 2)
  const targets = stages.flatMap(({ contenders }) => contenders.map(({ target }) => target))
  const calm = isFixed ? planOf(meaning, strategy, targets, targets.length) : undefined
  return { meaning, strategy, stages, calm }
}

/** What serves in place of another group: its targets say that they do. One that means nothing serves nothing. */
export function standIn(name: string, names: Names): Meaning | undefined {
  const meaning = resolve(name, names) ?? bySuffix(name, names)
  return meaning && { ...meaning, targets: meaning.targets.map((target) => ({ ...target, fallback: name })) }
}

function isSame(one: Target, other: Target): boolean {
  return one.entry === other.entry && one.model === other.model
}

function stageOf({ targets, group, strategy: asked }: Meaning, { defaultStrategy, price }: Rules): Stage {
  const strategy = asked ?? group?.strategy ?? defaultStrategy
  const times = new Map<string, number>()
  const contenders = targets.map((target) => {
    const name = targetName(target)
    const before = times.get(name) ?? 0
    times.set(name, before + 1)
    return {
      target,
      name,
      // Two deployments may differ in nothing but their options.
      salt: hashOf(before === 0 ? name : `${name} ${before}`),
      weight: target.weight ?? 1,
      cost: strategy === 'cheapest' ? costOf(target.price ?? price(target)) : undefined,
    }
  })
  return { strategy, contenders }
}

/** A prompt has about three times the tokens of its answer. */
const tokensInPerOut = 3

function costOf(price: Price | undefined): number | undefined {
  return price && tokensInPerOut * price.input + price.output
}

/** The targets of a route in the order in which they are to be tried now. Pure. */
export function ordered(route: Route, view: View): RoutePlan {
  const { meaning, strategy, stages, calm } = route
  if (stages.every((stage) => isWell(stage, view))) {
    if (calm) return calm
    const targets: Target[] = []
    for (const { strategy, contenders } of stages) {
      for (const { target } of inOrder(strategy, contenders, view)) targets.push(target)
    }
    return planOf(meaning, strategy, targets, targets.length)
  }

  const well: Target[] = []
  const others: Target[] = []
  let probed: TargetFacts | undefined
  for (const { strategy, contenders } of stages) {
    const resting: Contender[] = []
    const awake: Contender[] = []
    const due: Contender[] = []
    for (const contender of contenders) {
      const state = stateOf(contender, view)
      if (state === 'resting' || state === 'probing') resting.push(contender)
      else awake.push(contender)
      if (state === 'due') due.push(contender)
    }
    // One whose rest is over has its place again, but only a request that begins with it is to find out how it is.
    const order = inOrder(strategy, awake, view)
    for (const [index, contender] of order.entries()) {
      if (!due.includes(contender)) well.push(contender.target)
      else if (index === 0 && well.length === 0) {
        well.push(contender.target)
        probed = view.facts(contender.name)
      } else others.push(contender.target)
    }
    for (const { target } of inOrder(strategy, resting, view)) others.push(target)
  }
  return planOf(meaning, strategy, [...well, ...others], well.length, probed)
}

function planOf(
  { name, resolvedBy, group }: Meaning,
  strategy: Strategy,
  targets: readonly Target[],
  healthy: number,
  probed?: TargetFacts,
): RoutePlan {
  return { name, resolvedBy, targets, healthy, strategy, group, probed }
}

function isWell({ contenders }: Stage, view: View): boolean {
  return contenders.every((contender) => stateOf(contender, view) === 'ready')
}

function stateOf({ name }: Contender, view: View) {
  return view.facts(name)?.stateAt(view.now) ?? 'ready'
}
