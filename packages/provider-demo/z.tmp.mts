import { fitSchema } from './src/schema/fit-schema.ts'
import { createClues } from './src/schema/clues.ts'
import { chooseTools } from './src/choose-tools.ts'
import { demo } from './src/index.ts'
import { credential, memoryState } from '@dragoman/core'
const words = Array.from({length: 300},(_, i)=>'aaaaaaaaaaaaaaaaaa'+i).join(' ')
const t = (name: string, f: () => unknown) => { const a = performance.now(); let v; try { v=f() } catch (e) { v=String(e) } console.log(name, (performance.now()-a).toFixed(0)+'ms', JSON.stringify(v)?.slice(0,80)) }
const fit = (s: unknown, text=words) => () => fitSchema(s, createClues(text))
const many = (n: number, one: unknown, req = true) => ({type:'object',properties:Object.fromEntries(Array.from({length:n},(_, i)=>['k'+i,one])),...(req&&{required:Array.from({length:n},(_, i)=>'k'+i)})})
t('evil patterns x1000', fit(many(1000,{type:'string',pattern:'^((((a+)+)+|(a|a)*)*){20,}$'})))
t('distinct evil patterns', fit({type:'object',properties:Object.fromEntries(Array.from({length:1000},(_, i)=>['k'+i,{type:'string',pattern:'^((((a+)+)+|(a|a)*)*){20,}$'+i}])),required:Array.from({length:1000},(_, i)=>'k'+i)}))
t('long pattern x300', fit({type:'object',properties:Object.fromEntries(Array.from({length:300},(_, i)=>['k'+i,{type:'string',pattern:'[a-z]'.repeat(390)+i}])),required:Array.from({length:300},(_, i)=>'k'+i)}))
t('100k props', fit(many(100000,{type:'string'})))
t('100k optional props', fit(many(100000,{type:'string'},false)))
t('100k patternProperties', fit({type:'object',required:['a','b'],patternProperties:Object.fromEntries(Array.from({length:100000},(_, i)=>['^a'+i,{type:'string'}]))}))
t('many required w patternProperties', fit({type:'object',required:Array.from({length:1000},(_, i)=>'k'+i),patternProperties:Object.fromEntries(Array.from({length:1000},(_, i)=>['^a'+i,{type:'string'}]))}))
t('1M enum', fit({enum:Array.from({length:1e6},(_, i)=>i),type:'string'}))
t('enum array of 1M w/ props', fit(many(500,{enum:Array.from({length:20000},(_, i)=>'e'+i)})))
t('allOf 100k', fit({allOf:Array.from({length:100000},(_, i)=>({properties:{['k'+i]:{}},required:['k'+i]}))}))
t('allOf nested refs', fit({$defs:Object.fromEntries(Array.from({length:2000},(_, i)=>['d'+i,{allOf:[{$ref:'#/$defs/d'+(i+1)},{$ref:'#/$defs/d'+(i+2)}]}])),$ref:'#/$defs/d0'}))
t('anyOf 100k', fit({anyOf:Array.from({length:100000},()=>({type:'string',minLength:5,maxLength:2}))}))
t('nested anyOf fail', fit({$defs:{a:{anyOf:Array.from({length:10},()=>({type:'object',properties:{x:{$ref:'#/$defs/a'},y:false},required:['x','y']}))}},$ref:'#/$defs/a'}))
t('arrays 64^n', fit({$defs:{a:{type:'array',minItems:64,items:{$ref:'#/$defs/a'}}},$ref:'#/$defs/a'}))
t('pattern minLength', fit({type:'string',pattern:'^(?=(a*)*$)[ab]*(?!b)$',minLength:5000}))
t('deep', ()=>{let s:any={type:'string'}; for(let i=0;i<250;i++) s={type:'object',properties:{a:s},required:['a']}; return fitSchema(s,createClues('x'))})
t('deep allOf', ()=>{let s:any={type:'string'}; for(let i=0;i<250;i++) s={allOf:[s]}; return fitSchema(s,createClues('x'))})
t('choose 5000 tools', ()=>chooseTools({mode:'auto',isParallel:true,tools:Array.from({length:5000},(_, i)=>({kind:'function',name:'aaa'+i,description:'aaaa bbbb '.repeat(100),parameters:{}}))},words))
for (const text of ['A '.repeat(2e6),'"'.repeat(4e6),'(1 '.repeat(1e6),' '.repeat(4e6),'a'.repeat(4e6),'1'.repeat(4e6), 'A-'.repeat(2e6), '。'.repeat(1e6), '『「'.repeat(1e6), '-.'.repeat(1e6)]) t('text '+text.slice(0,4), fit(many(3,{type:'string'}),text))
const p=demo.create({}); const a=performance.now()
for await (const c of p.chat({model:'demo-reasoner',messages:[{role:'user',content:'x '.repeat(8e6)}],n:128},{credential:credential({}),signal:new AbortController().signal,state:memoryState()})); console.log('16MB n=128',performance.now()-a)
