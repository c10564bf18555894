/** The environment, over what `.env` says. A variable that is set to nothing is there, and empty. */
export interface Variables {
  get(name: string): string | undefined
  /** Of several spellings the one that counts: the environment's before `.env`'s, and one that is not empty. */
  first(...names: readonly string[]): string | undefined
  /** `AUTH_TOKEN`, or `AUTH_TOKEN (.env)`: for messages. */
  label(name: string): string
}

export function createVariables(
  environment: Readonly<Record<string, string | undefined>>,
  dotEnv: Readonly<Record<string, string | undefined>> = {},
): Variables {
  // `process.env` and what is parsed from .env inherit `constructor` and the like, which are no variables.
  const own = (from: typeof environment, name: string) => (Object.hasOwn(from, name) ? from[name] : undefined)
  return {
    get: (name) => own(environment, name) ?? own(dotEnv, name),
    first: (...names) =>
      names.find((name) => own(environment, name)?.trim()) ?? names.find((name) => own(dotEnv, name)?.trim()),
    label(name) {
      const isFromFile = own(environment, name) === undefined && own(dotEnv, name) !== undefined
      return isFromFile ? `${name} (.env)` : name
    },
  }
}
