export { functionGemma } from './function-gemma.ts'
export { gemma4 } from './gemma4.ts'
