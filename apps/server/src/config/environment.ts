import { debugSwitch, flag, host, leaveAlone, logLevel, origins, port, type Reader, retries, seconds, strictDebugSwitch } from './readers.ts'
import type { Variables } from './variables.ts'

/** A variable of the environment that means something to the server. */
export type Variable =
  /** Stands for one setting of the file. */
  | { kind: 'setting'; name: string; setting: string; reader: Reader; note?: string }
  /** Is read by the code that needs it. */
  | { kind: 'other'; name: string; setting: string; form: string; note?: string }
  /** Is known, and does nothing. */
  | { kind: 'idle'; name: string; note: string }

/** These beat the file: nobody sets them but to tell this program something. Later ones beat earlier ones. */
const own: readonly Variable[] = [
  { kind: 'other', name: 'DRAGOMAN_CONFIG', setting: '--config', form: 'a path', note: 'The configuration file.' },
  { kind: 'setting', name: 'DRAGOMAN_HOST', setting: 'server.host', reader: host },
  { kind: 'setting', name: 'DRAGOMAN_PORT', setting: 'server.port', reader: port },
  {
    kind: 'other',
    name: 'DRAGOMAN_OPEN_ON_NETWORK',
    setting: 'clients.onNetwork',
    form: flag.form,
    note: 'Lets open mode listen where others can reach it.',
  },
]

/** The file beats these. Later ones beat earlier ones. */
const usual: readonly Variable[] = [
  { kind: 'setting', name: 'HOST', setting: 'server.host', reader: host },
  { kind: 'setting', name: 'PORT', setting: 'server.port', reader: port },
  { kind: 'setting', name: 'LISTEN_PORT', setting: 'server.port', reader: port, note: 'Beats `PORT`.' },
  { kind: 'setting', name: 'SERVER_PORT', setting: 'server.port', reader: port, note: 'Beats both.' },
  {
    kind: 'setting',
    name: 'CORS_ORIGINS',
    setting: 'server.corsOrigins',
    reader: origins,
    note: '`*` leaves the setting unset.',
  },
  { kind: 'setting', name: 'DEBUG', setting: 'log.level', reader: debugSwitch, note: '`true` is `debug`.' },
  { kind: 'setting', name: 'LOG_LEVEL', setting: 'log.level', reader: logLevel, note: 'Beats `DEBUG`.' },
  {
    kind: 'setting',
    name: 'DEBUG_LOGGING',
    setting: 'log.level',
    reader: strictDebugSwitch,
    note: '`true` is `debug`, and beats both.',
  },
  { kind: 'setting', name: 'ENABLE_ACCESS_LOG', setting: 'log.access', reader: flag },
  { kind: 'setting', name: 'TIMEOUT', setting: 'limits.headersMs', reader: seconds },
  { kind: 'setting', name: 'REQUEST_TIMEOUT', setting: 'limits.headersMs', reader: seconds, note: 'Beats `TIMEOUT`.' },
  {
    kind: 'setting',
    name: 'MAX_RETRIES',
    setting: 'limits.attempts',
    reader: retries,
    note: 'The first call counts too: 2 makes 3 attempts.',
  },
  {
    kind: 'other',
    name: 'AUTH_TOKEN',
    setting: 'clients.keys',
    form: 'a key',
    note: 'The keys of all variables are united.',
  },
  {
    kind: 'other',
    name: 'AUTH_TOKENS_FILE',
    setting: 'clients.keys',
    form: 'a path',
    note: 'A file of keys, one to a line or separated by commas; `#` starts a comment.',
  },
  { kind: 'other', name: 'API_KEYS', setting: 'clients.keys', form: 'a JSON list of keys' },
  { kind: 'other', name: 'API_MASTER_KEY', setting: 'clients.keys', form: 'a key', note: '`1` asks for none.' },
  { kind: 'other', name: 'VALID_API_KEY', setting: 'clients.keys', form: 'a key' },
  {
    kind: 'other',
    name: 'SKIP_AUTH_TOKEN',
    setting: 'clients',
    form: flag.form,
    note: '`true` leaves `AUTH_TOKEN` and `AUTH_TOKENS_FILE` unread.',
  },
  {
    kind: 'other',
    name: 'ALLOW_ANY_API_KEY',
    setting: 'clients',
    form: flag.form,
    note: '`true` leaves `VALID_API_KEY` unread; `false` without any key refuses to start.',
  },
  {
    kind: 'other',
    name: 'REQUIRE_API_KEY',
    setting: 'clients',
    form: flag.form,
    note: '`false` leaves `API_KEYS` unread; `true` without any key refuses to start.',
  },
  { kind: 'other', name: 'HTTP_PROXY', setting: 'proxy.http', form: 'a URL', note: 'Also in lower case, which beats it.' },
  { kind: 'other', name: 'HTTPS_PROXY', setting: 'proxy.https', form: 'a URL', note: 'Also in lower case.' },
  { kind: 'other', name: 'NO_PROXY', setting: 'proxy.no', form: 'hosts', note: 'Also in lower case. This machine is always reached directly.' },
  { kind: 'other', name: 'SOCKS5_PROXY', setting: 'proxy', form: 'a URL', note: 'Where `HTTP_PROXY` or `HTTPS_PROXY` says nothing.' },
  {
    kind: 'other',
    name: 'OPENAI_API_KEY',
    setting: 'providers',
    form: 'a key',
    note: 'Like the key variable of every preset: it makes a provider where the file has none.',
  },
  {
    kind: 'other',
    name: 'OPENAI_BASE_URL',
    setting: 'providers',
    form: 'a URL',
    note: 'With `OPENAI_API_KEY`: another service that speaks the same language.',
  },
  idle('STREAM_DELAY', 'answers stream as they come; nothing is dripped out'),
  idle('STREAM_CHUNK_SIZE', 'answers stream as they come; nothing is dripped out'),
  idle('MAX_STREAM_TIME', 'answers stream as they come; nothing is dripped out'),
  idle('RETRY_DELAY', 'the wait starts at half a second and doubles, unless the upstream names a time'),
  idle('ROOT_PATH', 'have the reverse proxy take the prefix off'),
  idle('APP_NAME', 'the name is shown nowhere'),
  idle('SERVICE_NAME', 'the name is shown nowhere'),
  idle('MAX_CONNECTIONS', 'it bounded connections to upstreams, which are not bounded; see server.maxConnections'),
  idle('MAX_KEEPALIVE_CONNECTIONS', 'connections to upstreams are kept as long as both sides like'),
  idle('MODEL_CONFIG', 'model groups stand under models in dragoman.yaml'),
  idle('MODEL_CONFIG_PATH', 'model groups stand under models in dragoman.yaml'),
]

function idle(name: string, note: string): Variable {
  return { kind: 'idle', name, note }
}

export const environmentTable: readonly Variable[] = [...own, ...usual]

export interface EnvironmentSettings {
  /** As they would stand in the file, by section; over the file. */
  readonly overFile: Sections
  /** The same, under the file. */
  readonly underFile: Sections
  /** By setting, the variable that it comes from. */
  readonly setBy: ReadonlyMap<string, string>
  readonly problems: readonly string[]
  readonly notices: readonly string[]
}

export type Sections = Readonly<Record<string, Readonly<Record<string, unknown>>>>

/** The settings that variables stand for. Empty variables count as not set. */
export function readEnvironment(variables: Variables): EnvironmentSettings {
  const setBy = new Map<string, string>()
  const problems: string[] = []
  const notices: string[] = []

  const read = (table: readonly Variable[]): Sections => {
    const sections: Record<string, Record<string, unknown>> = {}
    for (const variable of table) {
      const given = variables.get(variable.name)?.trim()
      if (!given) continue
      const label = variables.label(variable.name)
      if (variable.kind === 'idle') notices.push(`${label} has no effect: ${variable.note}`)
      if (variable.kind !== 'setting') continue
      const value = variable.reader.read(given)
      if (value === undefined) problems.push(`${label}: expected ${variable.reader.form}, found ${JSON.stringify(given)}`)
      if (value === undefined || value === leaveAlone) continue
      const [section = '', key = ''] = variable.setting.split('.')
      sections[section] = { ...sections[section], [key]: value }
      setBy.set(variable.setting, label)
    }
    return sections
  }

  // In this order, so that `setBy` names the one that counts.
  const underFile = read(usual)
  const overFile = read(own)
  return { overFile, underFile, setBy, problems, notices }
}
