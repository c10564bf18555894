import { isHostName, isOrigin } from './addresses.ts'
import { type LogLevel, logLevels } from './log-level.ts'
import { isProxyUrl } from './proxy.ts'

/** How the text of a variable becomes the value of a setting. */
export interface Reader<T = unknown> {
  /** What is expected, in a few words: for messages and for the reference page. */
  readonly form: string
  /** Undefined where the text is not what is expected. */
  read(text: string): T | undefined
}

/** What a reader gives for a text that leaves the setting as it is. */
export const leaveAlone = Symbol('leave alone')

export const port: Reader<number> = {
  form: 'a port from 0 to 65535',
  read: (text) => (/^\d{1,5}$/.test(text) && Number(text) <= 65_535 ? Number(text) : undefined),
}

export const host: Reader<string> = {
  form: 'an address or a host name, without scheme and port',
  read: (text) => (isHostName(text) ? text : undefined),
}

/** Text that the schema checks further. */
export function text(form: string): Reader<string> {
  return { form, read: (given) => given }
}

/** Taken in any case. */
export function oneOf(...names: readonly string[]): Reader<string> {
  return {
    form: `one of ${names.join(', ')}`,
    read: (given) => names.find((name) => name === given.toLowerCase()),
  }
}

export const path: Reader<string> = { form: 'a path', read: (text) => text }

/** Whether it will do is for the schema to say, which never shows it. */
export const secret: Reader<string> = { form: 'a secret', read: (text) => text || undefined }

export const httpUrl: Reader<string> = {
  form: 'a URL with http or https',
  read: (text) => (/^https?:$/.test(URL.parse(text)?.protocol ?? '') ? text : undefined),
}

export const proxy: Reader<string> = { form: 'the URL of a proxy, with http, https or socks5', read: readProxy }

/** Without a scheme it is `http`, as everywhere. Undefined where it is no proxy's URL. */
export function readProxy(text: string, scheme = 'http'): string | undefined {
  const url = text.includes('://') ? text : `${scheme}://${text}`
  return isProxyUrl(url) ? url : undefined
}

export const flag: Reader<boolean> = { form: 'true or false', read: readFlag }

/** Undefined where it is neither. */
export function readFlag(value: string): boolean | undefined {
  if (/^(true|1|yes|on)$/i.test(value)) return true
  return /^(false|0|no|off)$/i.test(value) ? false : undefined
}

/** `true` means the level `debug`. Other programs read `DEBUG` too, as a list of names, which is not for us. */
export const debugSwitch: Reader<LogLevel | typeof leaveAlone> = {
  form: 'true or false; other values are for other programs',
  read: (value) => (readFlag(value) === true ? 'debug' : leaveAlone),
}

export const strictDebugSwitch: Reader<LogLevel | typeof leaveAlone> = {
  form: 'true or false',
  read(value) {
    const isOn = readFlag(value)
    if (isOn === undefined) return undefined
    return isOn ? 'debug' : leaveAlone
  },
}

const otherLevelNames: Readonly<Record<string, LogLevel>> = {
  critical: 'error',
  fatal: 'error',
  none: 'silent',
  notice: 'info',
  off: 'silent',
  verbose: 'debug',
  warning: 'warn',
}

export const logLevel: Reader<LogLevel> = {
  form: `one of ${logLevels.join(', ')}`,
  read(value) {
    const name = value.toLowerCase()
    return logLevels.find((level) => level === name) ?? otherLevelNames[name]
  },
}

export const seconds: Reader<number> = {
  form: 'seconds, more than 0',
  read(value) {
    const ms = Math.round(Number(value) * 1000)
    return /^\d*\.?\d+$/.test(value) && ms > 0 && ms < 2 ** 31 ? ms : undefined
  },
}

/** Calls, from the number of repetitions. */
export const retries: Reader<number> = {
  form: 'a whole number from 0 to 99',
  read: (value) => (/^\d{1,2}$/.test(value) ? Number(value) + 1 : undefined),
}

/** Calls for one answer, the first among them: what is outside of the bounds counts as the bound. */
export const toolCallAttempts: Reader<number> = {
  form: 'a number from 1 to 5',
  read: (value) => (/^\d+(\.\d+)?$/.test(value) ? Math.min(Math.max(Math.floor(Number(value)), 1), 5) : undefined),
}

/** Separated by commas, or as JSON. `*` is what holds without the variable too. */
export const origins: Reader<readonly string[] | typeof leaveAlone> = {
  form: 'origins, separated by commas or as a JSON list',
  read(value) {
    const list = value.startsWith('[') ? readJsonList(value) : value.split(',').map((entry) => entry.trim())
    if (!list?.every((entry) => entry === '*' || isOrigin(entry))) return undefined
    return list.includes('*') || list.length === 0 ? leaveAlone : list
  },
}

/** Undefined where it is no list of texts. */
export function readJsonList(value: string): string[] | undefined {
  try {
    const list: unknown = JSON.parse(value)
    return Array.isArray(list) && list.every((entry) => typeof entry === 'string') ? list : undefined
  } catch {
    return undefined // not JSON, which the caller words without quoting it
  }
}

/** For what is off without the variable too: off says nothing. */
export const onSwitch: Reader<true | typeof leaveAlone> = { form: flag.form, read: (text) => oneWay(text, true) }

/** For what is on without the variable too: on says nothing. */
export const offSwitch: Reader<false | typeof leaveAlone> = { form: flag.form, read: (text) => oneWay(text, false) }

function oneWay<Way extends boolean>(text: string, way: Way): Way | typeof leaveAlone | undefined {
  const isOn = readFlag(text)
  if (isOn === undefined) return undefined
  return isOn === way ? way : leaveAlone
}

/** What is only asked by another variable whether it is off. */
export const switchAlone: Reader<typeof leaveAlone> = {
  form: flag.form,
  read: (text) => (readFlag(text) === undefined ? undefined : leaveAlone),
}

export const wholeNumber: Reader<number> = {
  form: 'a whole number',
  read: (text) => (/^\d{1,15}$/.test(text) ? Number(text) : undefined),
}

export const modelName: Reader<string> = {
  form: 'the name of a model, without `*`',
  read: (text) => (text.includes('*') ? undefined : text),
}

/** An empty list says nothing. */
export const texts: Reader<readonly string[] | typeof leaveAlone> = {
  form: 'a JSON list of texts',
  read(text) {
    const list = readJsonList(text)?.map((entry) => entry.trim())
    if (!list || list.includes('')) return undefined
    return list.length > 0 ? list : leaveAlone
  },
}

/** The same, separated by commas too. */
export const names: Reader<readonly string[] | typeof leaveAlone> = {
  form: 'names, separated by commas or as a JSON list',
  read(given) {
    if (given.startsWith('[')) return texts.read(given)
    const list = given.split(',').flatMap((name) => name.trim() || [])
    return list.length > 0 ? list : leaveAlone
  },
}

/** With its colon or without. */
export const modelSuffix: Reader<string> = {
  form: 'a suffix such as :nitro',
  read: (given) => (/^:?[\w-]+$/.test(given) ? `:${given.replace(':', '')}` : undefined),
}

export const secrets: Reader<readonly string[] | typeof leaveAlone> = {
  form: 'a JSON list of secrets',
  read: (text) => texts.read(text),
}
