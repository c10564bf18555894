/** The environment, over what `.env` says. A variable that is set to nothing is there, and empty. */
export interface Variables {
  get(name: string): string | undefined
  /** `AUTH_TOKEN`, or `AUTH_TOKEN (.env)`: for messages. */
  label(name: string): string
}

export function createVariables(
  environment: Readonly<Record<string, string | undefined>>,
  dotEnv: Readonly<Record<string, string | undefined>> = {},
): Variables {
  return {
    get: (name) => environment[name] ?? dotEnv[name],
    label: (name) => (environment[name] === undefined && dotEnv[name] !== undefined ? `${name} (.env)` : name),
  }
}
