import { testProvider } from '../index.ts'
import { ref, decode } from './ref.ts'
testProvider(ref, new URL('./fixtures/', import.meta.url), { decode, ordinary: 'plain-text' })
