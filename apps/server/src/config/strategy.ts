import { type Strategy, strategies } from '@dragoman/gateway'
import { z } from 'zod'

/** As configurations of other gateways spell some of them. */
const otherSpellings: Readonly<Record<string, Strategy>> = {
  round_robin: 'round-robin',
  least_busy: 'least-busy',
  weighted_random: 'weighted',
}

export const strategySchema = z
  .enum([...strategies, ...Object.keys(otherSpellings)])
  .transform((name) => otherSpellings[name] ?? (name as Strategy)) // no other name is left
