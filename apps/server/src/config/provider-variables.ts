import {
  flag,
  httpUrl,
  modelName,
  modelSuffix,
  names,
  offSwitch,
  oneOf,
  onSwitch,
  path,
  proxy,
  type Reader,
  seconds,
  secret,
  secrets,
  switchAlone,
  text,
  texts,
  wholeNumber,
} from './readers.ts'

/** A provider that variables make, where the file has none. */
export interface VariableProvider {
  readonly id: string
  readonly type: string
  /** It is made where each of these groups has an entry that a variable has set. */
  readonly needs: readonly (readonly string[])[]
  /** Its share in the default model, unless a variable lists its models; then that is the first of them. */
  readonly defaultModel: string
}

const credentials = [['credentials', 'credentialsFrom']]

/** In this order: the API of a service before its session, so that a model which both have comes from the API. */
export const variableProviders: readonly VariableProvider[] = [
  { id: 'zai', type: 'zai', needs: credentials, defaultModel: 'GLM-4.5' },
  // The site's key alone says nothing about as whom it is to be asked.
  { id: 'zai-web', type: 'zai-web', needs: [['signingKey'], ['credentials', 'guest']], defaultModel: 'GLM-4.5' },
  { id: 'k2think', type: 'k2think', needs: credentials, defaultModel: 'MBZUAI-IFM/K2-Think' },
  { id: 'k2think-web', type: 'k2think-web', needs: credentials, defaultModel: 'MBZUAI-IFM/K2-Think' },
  // The id of the preset that knew this variable first: clients write `dashscope/<model>`.
  { id: 'dashscope', type: 'qwen', needs: credentials, defaultModel: 'qwen-plus' },
  { id: 'qwen-web', type: 'qwen-web', needs: credentials, defaultModel: 'qwen-max' },
  { id: 'longcat', type: 'longcat', needs: credentials, defaultModel: 'LongCat-Flash' },
  { id: 'longcat-web', type: 'longcat-web', needs: credentials, defaultModel: 'LongCat-Flash' },
  { id: 'kimi', type: 'kimi', needs: credentials, defaultModel: 'kimi-k3' },
  // It sends what users write to a third party, so that it has to be wanted by name.
  { id: 'kimi-nonce', type: 'kimi-nonce', needs: [['enabled']], defaultModel: 'kimi-k2-instruct-0905' },
  { id: 'orion-web', type: 'orion-web', needs: credentials, defaultModel: 'ChatGPT 4.1 Mini-Default' },
  // Last, because other programs read these keys too: what is for us alone suggests the default model.
  { id: 'anthropic', type: 'anthropic', needs: credentials, defaultModel: 'claude-sonnet-5' },
  { id: 'openrouter', type: 'openrouter', needs: credentials, defaultModel: 'moonshotai/kimi-k2-thinking' },
  // Google's variable by itself says nothing: it is there for any program that uses Google's cloud.
  {
    id: 'vertex',
    type: 'vertex',
    needs: [['project'], ...credentials],
    defaultModel: 'moonshotai/kimi-k2-thinking-maas',
  },
]

/** A variable that makes a provider, or shapes one that others make. */
export interface ProviderVariable {
  readonly name: string
  /** Ids of the providers that it concerns. */
  readonly of: readonly string[]
  /** Where it goes in their entries, as one would write them into the file; it adds to a list `[]`. */
  readonly setting: string
  readonly reader: Reader
  /** The other half of the credential, without which this one says nothing. */
  readonly beside?: string
  /** The switch that leaves it unread where it is off. */
  readonly switchedBy?: string
  /** Other programs read it too: it is no news where it does nothing here. */
  readonly isShared?: true
  readonly note?: string
}

const k2Web = ['k2think-web']
const k2Both = ['k2think', 'k2think-web']
const longcatWeb = ['longcat-web']
const qwenWeb = ['qwen-web']
const orion = ['orion-web']
const zaiWeb = ['zai-web']
const openrouter = ['openrouter']
const vertex = ['vertex']

/** The two halves of a credential stand one behind the other. */
export const providerVariables: readonly ProviderVariable[] = [
  { name: 'ZAI_API_KEY', of: ['zai'], setting: 'credentials[].apiKey', reader: secret },
  {
    name: 'ZAI_WEB_SIGNING_KEY',
    of: zaiWeb,
    setting: 'signingKey',
    reader: secret,
    note: 'Needs `ZAI_TOKEN` or `ANONYMOUS_MODE=true`.',
  },
  { name: 'ZAI_TOKEN', of: zaiWeb, setting: 'credentials[].token', reader: secret, note: 'Of your own session.' },
  { name: 'ANONYMOUS_MODE', of: zaiWeb, setting: 'guest', reader: onSwitch, note: 'One guest, where no token is.' },
  { name: 'K2THINK_API_KEY', of: ['k2think'], setting: 'credentials[].apiKey', reader: secret },
  { name: 'K2_EMAIL', of: k2Web, setting: 'credentials[].email', reader: secret, beside: 'K2_PASSWORD' },
  { name: 'K2_PASSWORD', of: k2Web, setting: 'credentials[].password', reader: secret, beside: 'K2_EMAIL' },
  { name: 'ACCOUNTS_FILE', of: k2Web, setting: 'credentialsFrom[].file', reader: path, note: 'One as JSON to a line.' },
  { name: 'TOKENS_FILE', of: k2Web, setting: 'credentialsFrom[].file', reader: path, note: 'One to a line.' },
  {
    name: 'K2THINK_API_URL',
    of: k2Web,
    setting: 'baseUrl',
    reader: httpUrl,
    note: 'With the path of the chat, or not.',
  },
  { name: 'PROXY_URL', of: k2Both, setting: 'proxy', reader: proxy, note: 'For all calls, not the sign-in alone.' },
  {
    name: 'TOKEN_UPDATE_INTERVAL',
    of: k2Web,
    setting: 'pool.refreshIntervalMs',
    reader: seconds,
    switchedBy: 'ENABLE_TOKEN_AUTO_UPDATE',
    note: 'Without it sessions are renewed before they expire.',
  },
  {
    name: 'ENABLE_TOKEN_AUTO_UPDATE',
    of: k2Web,
    setting: 'pool.refreshIntervalMs',
    reader: switchAlone,
    note: '`false` leaves `TOKEN_UPDATE_INTERVAL` unread.',
  },
  {
    name: 'TOOL_SUPPORT',
    of: [...k2Both, ...zaiWeb, ...qwenWeb, ...longcatWeb],
    setting: 'promptTools',
    reader: offSwitch,
  },
  {
    name: 'DASHSCOPE_API_KEY',
    of: ['dashscope'],
    setting: 'credentials[].apiKey',
    reader: secret,
    note: 'Its type is `qwen`.',
  },
  { name: 'QWEN_TOKEN', of: qwenWeb, setting: 'credentials[].token', reader: secret },
  { name: 'QWEN_EMAIL', of: qwenWeb, setting: 'credentials[].email', reader: secret, beside: 'QWEN_PASSWORD' },
  { name: 'QWEN_PASSWORD', of: qwenWeb, setting: 'credentials[].password', reader: secret, beside: 'QWEN_EMAIL' },
  { name: 'LONGCAT_API_KEY', of: ['longcat'], setting: 'credentials[].apiKey', reader: secret },
  { name: 'LONGCAT_PASSPORT_TOKEN', of: longcatWeb, setting: 'credentials[].token', reader: secret },
  { name: 'LONGCAT_TOKENS_FILE', of: longcatWeb, setting: 'credentialsFrom[].file', reader: path },
  { name: 'MOONSHOT_API_KEY', of: ['kimi'], setting: 'credentials[].apiKey', reader: secret },
  {
    name: 'KIMI_NONCE',
    of: ['kimi-nonce'],
    setting: 'enabled',
    reader: onSwitch,
    note: "Everything goes to a site that is not Moonshot's.",
  },
  { name: 'SESSION_CACHE_TTL', of: ['kimi-nonce'], setting: 'conversationTtlMs', reader: seconds },
  {
    name: 'CONTEXT_MAX_LENGTH',
    of: ['kimi-nonce'],
    setting: 'maxCharacters',
    reader: wholeNumber,
    note: '`0` is no limit.',
  },
  { name: 'TOKEN_POOL', of: orion, setting: 'credentials[].token', reader: secrets },
  { name: 'TARGET_API_URL', of: orion, setting: 'chatUrl', reader: httpUrl },
  { name: 'CONVERSATION_API_URL', of: orion, setting: 'conversationUrl', reader: httpUrl },
  { name: 'PROJECT_API_URL', of: orion, setting: 'projectUrl', reader: httpUrl },
  { name: 'MESSAGE_API_URL', of: orion, setting: 'messageUrl', reader: httpUrl },
  { name: 'AVAILABLE_MODELS', of: orion, setting: 'models', reader: texts, note: 'An empty list counts as not set.' },
  { name: 'ANTHROPIC_API_KEY', of: ['anthropic'], setting: 'credentials[].apiKey', reader: secret },
  {
    name: 'ANTHROPIC_BASE_URL',
    of: ['anthropic'],
    setting: 'baseUrl',
    reader: httpUrl,
    isShared: true,
    note: 'Where it is the address of this server, as clients have it, neither is used.',
  },
  { name: 'OPENROUTER_API_KEY', of: openrouter, setting: 'credentials[].apiKey', reader: secret },
  { name: 'OPENROUTER_PROVIDERS', of: openrouter, setting: 'routing.only', reader: names },
  { name: 'OPENROUTER_ORDER', of: openrouter, setting: 'routing.order', reader: names },
  {
    name: 'OPENROUTER_SORT',
    of: openrouter,
    setting: 'routing.sort',
    reader: oneOf('price', 'throughput', 'latency'),
  },
  { name: 'OPENROUTER_ALLOW_FALLBACKS', of: openrouter, setting: 'routing.allow_fallbacks', reader: flag },
  { name: 'OPENROUTER_MODEL_SHORTCUT', of: openrouter, setting: 'modelSuffix', reader: modelSuffix },
  {
    name: 'VERTEX_PROJECT_ID',
    of: vertex,
    setting: 'project',
    reader: text('the id of a project'),
  },
  {
    name: 'GOOGLE_APPLICATION_CREDENTIALS',
    of: vertex,
    setting: 'credentials[].key',
    reader: secret,
    isShared: true,
    note: 'A path, or the JSON itself. Only where `VERTEX_PROJECT_ID` is set.',
  },
  { name: 'VERTEX_LOCATION', of: vertex, setting: 'location', reader: text('global or a region') },
  { name: 'VERTEX_CHAT_ENDPOINT', of: vertex, setting: 'endpoint', reader: httpUrl, note: 'A private endpoint.' },
]

/** A variable that gives a model of Z.AI a further name. */
export interface ModelVariable {
  readonly name: string
  /** The name that it has anyway. */
  readonly model: string
  readonly of: readonly string[]
  readonly reader: Reader<string>
}

export const modelVariables: readonly ModelVariable[] = [
  zaiModel('PRIMARY_MODEL', 'GLM-4.5'),
  zaiModel('THINKING_MODEL', 'GLM-4.5-Thinking'),
  zaiModel('SEARCH_MODEL', 'GLM-4.5-Search'),
  zaiModel('AIR_MODEL', 'GLM-4.5-Air'),
  zaiModel('GLM46_MODEL', 'GLM-4.6'),
  zaiModel('GLM46_THINKING_MODEL', 'GLM-4.6-Thinking'),
  zaiModel('GLM46_SEARCH_MODEL', 'GLM-4.6-Search'),
]

function zaiModel(name: string, model: string): ModelVariable {
  return { name, model, of: ['zai', 'zai-web'], reader: modelName }
}
