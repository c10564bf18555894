const date = String.raw`\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])`
const time = String.raw`(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)`
const octet = String.raw`(?:25[0-5]|2[0-4]\d|1?\d?\d)`
const label = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?'

const isUrl = (text: string) => /^[a-z][a-z0-9+.-]*:\/\/\S+$/i.test(text) && URL.canParse(text)
const isEmail = (text: string) => new RegExp(`^[\\w+-]+(?:\\.[\\w+-]+)*@(?:${label}\\.)+[a-z]{2,}$`, 'i').test(text)
const isHostname = (text: string) => new RegExp(`^${label}(?:\\.${label})*$`, 'i').test(text)
const isUuid = (text: string) => /^[\da-f]{8}-[\da-f]{4}-[1-8][\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/i.test(text)

/** Those that people write into a question, and how to know them. */
const tests: Readonly<Record<string, (text: string) => boolean>> = {
  date: (text) => new RegExp(`^${date}$`).test(text) && isOnCalendar(text),
  'date-time': (text) => new RegExp(`^${date}T${time}$`).test(text) && isOnCalendar(text),
  duration: (text) => /^P(?=.)(?:\d+W|(?:\d+Y)?(?:\d+M)?(?:\d+D)?(?:T(?=.)(?:\d+H)?(?:\d+M)?(?:\d+S)?)?)$/.test(text),
  e164: (text) => /^\+[1-9]\d{6,14}$/.test(text),
  email: isEmail,
  'idn-email': isEmail,
  hostname: isHostname,
  ipv4: (text) => new RegExp(`^(?:${octet}\\.){3}${octet}$`).test(text),
  time: (text) => new RegExp(`^${time}$`).test(text),
  uri: isUrl,
  url: isUrl,
  guid: isUuid,
  uuid: isUuid,
}

/** The first fits in nearly every case; the others are for schemas that want more than the format does. */
const samples: Readonly<Record<string, readonly string[]>> = {
  base64: ['RHJhZ29tYW4='],
  base64url: ['RHJhZ29tYW4'],
  byte: ['RHJhZ29tYW4='],
  cidr: ['192.0.2.0/24'],
  cidrv4: ['192.0.2.0/24'],
  'cidr-v6': ['2001:db8::/32'],
  cidrv6: ['2001:db8::/32'],
  color: ['#336699'],
  credit_card: ['4111111111111111'],
  cuid: ['cdemo0000000000000000000'],
  cuid2: ['demo00000000000000000000'],
  date: ['2026-01-15'],
  'date-time': ['2026-01-15T12:00:00Z'],
  duration: ['PT1H'],
  e164: ['+12025550123'],
  email: ['ada@example.com'],
  emoji: ['🙂'],
  guid: ['3d6f0a52-1c7e-4b8a-9f25-7e1d2c3b4a59'],
  hostname: ['example.com'],
  iban: ['DE89370400440532013000'],
  'idn-email': ['ada@example.com'],
  'idn-hostname': ['example.com'],
  ipv4: ['192.0.2.1'],
  ipv6: ['2001:db8::1'],
  iri: ['https://example.com/'],
  'json-pointer': ['/demo'],
  'json-string': ['{}'],
  jwt: ['eyJhbGciOiJIUzI1NiJ9.e30.AA'],
  ksuid: ['0ujtsYcgvSTl8PAuAdqWYSMnLOv'],
  mac: ['00:00:5e:00:53:01'],
  nanoid: ['demo-0123456789_ABCDE'],
  regex: ['.*'],
  time: ['12:00:00Z'],
  ulid: ['01JHKQ2A3B4C5D6E7F8G9H0J1K'],
  uri: ['https://example.com/'],
  'uri-reference': ['https://example.com/'],
  url: ['https://example.com/'],
  uuid: ['3d6f0a52-1c7e-4b8a-9f25-7e1d2c3b4a59', '01941f29-7c00-7abc-9def-0123456789ab'],
  xid: ['9m4e2mr0ui3e8a215n4g'],
}

/** True for a format that is not known. */
export function isOfFormat(text: string, format: string): boolean {
  const test = Object.hasOwn(tests, format) ? tests[format] : undefined
  return test === undefined || (text.length <= 2000 && test(text))
}

/** Whether it can be told from a word of a text that it is meant. Any word may be the name of a host. */
export function isRecognisable(format: string): boolean {
  return Object.hasOwn(tests, format) && format !== 'hostname'
}

export function samplesOf(format: string): readonly string[] {
  return (Object.hasOwn(samples, format) ? samples[format] : undefined) ?? []
}

/** `Date` itself reads the 30th of February as the 2nd of March. */
function isOnCalendar(text: string): boolean {
  const day = text.slice(0, 10)
  const instant = new Date(`${day}T00:00:00Z`)
  return !Number.isNaN(instant.getTime()) && instant.toISOString().startsWith(day)
}
