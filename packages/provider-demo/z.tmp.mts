import * as z from 'zod'
import { fitSchema } from './src/schema/fit-schema.ts'
import { createClues } from './src/schema/clues.ts'
interface Tree { name: string; children: Tree[] }
const Tree: z.ZodType<Tree> = z.lazy(() => z.object({ name: z.string(), children: z.array(Tree) }))
const S: Record<string, z.ZodType> = {email:z.email(),url:z.url(),uuid:z.uuid(),v4:z.uuidv4(),v7:z.uuidv7(),guid:z.guid(),dt:z.iso.datetime(),dto:z.iso.datetime({offset:true}),dtl:z.iso.datetime({local:true}),date:z.iso.date(),time:z.iso.time(),dur:z.iso.duration(),ip4:z.ipv4(),ip6:z.ipv6(),c4:z.cidrv4(),c6:z.cidrv6(),host:z.hostname(),e164:z.e164(),b64:z.base64(),b64u:z.base64url(),jwt:z.jwt(),emoji:z.emoji(),nano:z.nanoid(),cuid:z.cuid(),cuid2:z.cuid2(),ulid:z.ulid(),xid:z.xid(),ksuid:z.ksuid(),mac:z.mac(),hex:z.hex(),lower:z.string().lowercase(),upper:z.string().uppercase(),st:z.string().startsWith('ab.'),inc:z.string().includes('x y'),end:z.string().endsWith('z'),tpl:z.templateLiteral(['id-',z.number()]),rec:z.record(z.enum(['a','b']),z.number()),rec2:z.record(z.string().min(3),z.int()),du:z.discriminatedUnion('k',[z.object({k:z.literal('a')}),z.object({k:z.literal('b'),n:z.int()})]),tup:z.tuple([z.string(),z.number()]),opt:z.object({a:z.string().optional(),b:z.number().default(3)}),inter:z.intersection(z.object({a:z.string()}),z.object({b:z.string()})),int:z.int(),nul:z.string().nullable(),multi:z.string().regex(/a/).regex(/b/), two:z.email().startsWith('x'), tree: Tree, ml: z.string().min(30).max(40), mx: z.string().max(4), num: z.number().gt(5).lt(5.5), mul: z.number().multipleOf(0.25).gt(3), int2: z.int().min(10).multipleOf(7), arr: z.array(z.email()).min(3), lit: z.literal([3,'x',null]), pw: z.string().regex(/^(?=.*[A-Z])(?=.*\d)(?=.*[^\w]).{8,}$/), un: z.union([z.string().email(), z.number()]), any: z.any(), unk: z.object({x:z.unknown()}), nev: z.array(z.never()), bool: z.boolean(), strictenum: z.enum(['red','green']), num2: z.number().negative(), empty: z.object({}), han: z.string().regex(/^[\u4e00-\u9fa5]{2,4}$/), plate: z.string().regex(/^[A-Z]{1,3}-\d{3,4}[EH]?$/), nested: z.object({a:z.object({b:z.array(z.object({c:z.enum(['x']),d:z.iso.date()})).length(2)})}), looseRec: z.record(z.string(), z.array(z.string())), prefault: z.string().prefault('x'), set: z.array(z.string()).nonempty()}
for (const [k, s] of Object.entries(S)) {
  const js = z.toJSONSchema(s)
  const v = fitSchema(js, createClues('Tell Ada about 3 things in “New York”'))
  const ok = s.safeParse(v)
  console.log(ok.success ? 'ok ' : 'BAD', k, JSON.stringify(v), ok.success ? '' : JSON.stringify(js))
}
const t = (text: string, props: Record<string, unknown>, required?: string[]) => console.log(text, '=>', JSON.stringify(fitSchema({type:'object',properties:props,...(required&&{required})}, createClues(text))))
t("What's the weather in Paris?", {location:{type:'string',description:'City'},unit:{type:'string',enum:['celsius','fahrenheit']}}, ['location'])
t("weather in tokyo in fahrenheit please", {location:{type:'string'},unit:{type:'string',enum:['celsius','fahrenheit']}}, ['location'])
t("Book a flight from Paris to New York on 2026-05-01 for 2 people", {origin:{type:'string'},destination:{type:'string'},date:{type:'string',format:'date'},passengers:{type:'integer'}}, ['origin','destination','date'])
t("Add 2 and 3", {a:{type:'number'},b:{type:'number'}}, ['a','b'])
t("sum 1, 2 and -3.5", {numbers:{type:'array',items:{type:'number'}}}, ['numbers'])
t("Calculate (2 + 3) * 4!", {expression:{type:'string'}}, ['expression'])
t("search the web for cats", {query:{type:'string'},limit:{type:'integer',default:10}}, ['query'])
t("Weather in Paris and Tokyo", {cities:{type:'array',items:{type:'string'}}}, ['cities'])
t("Extract: Ada Lovelace, 36 years old, ada@lovelace.org", {name:{type:'string'},age:{type:'integer'},email:{type:'string',format:'email'}}, ['name','age','email'])
t("北京的天气怎么样", {city:{type:'string'}}, ['city'])
t("send 'hello there' to Bob", {recipient:{type:'string'},message:{type:'string'}}, ['recipient','message'])
t("What is the weather in Paris", {city:{type:'string'}})
