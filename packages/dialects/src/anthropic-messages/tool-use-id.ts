const allowed = /^[a-zA-Z0-9_-]+$/
const prefix = 'dgid_'

/**
 * An id of a tool call as Messages takes it: letters, digits, `_` and `-`. Others, such as Kimi's `functions.look:0`, are
 * spelled so that `callIdOf` has them back without any memory: models of that kind want their own ids returned.
 */
export function toolUseId(id: string): string {
  if (allowed.test(id) && !id.startsWith(prefix)) return id
  return prefix + id.replace(/[^a-zA-Z0-9-]/g, (unit) => `_${unit.charCodeAt(0).toString(16)}_`)
}

/** The id that `toolUseId` was given. */
export function callIdOf(toolUseId: string): string {
  if (!toolUseId.startsWith(prefix)) return toolUseId
  return toolUseId
    .slice(prefix.length)
    .replace(/_([0-9a-f]{1,4})_/g, (_, unit: string) => String.fromCharCode(Number.parseInt(unit, 16)))
}
