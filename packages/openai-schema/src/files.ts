import type { Open } from './open.ts'

export type FilePurpose = Open<'assistants' | 'batch' | 'fine-tune' | 'vision' | 'user_data' | 'evals'>

/** A file that was uploaded by `POST /files`, whose request is a form. */
export interface FileObject {
  id: string
  object: 'file'
  bytes: number
  /** Unix time in seconds. */
  created_at: number
  /** The same. */
  expires_at?: number | undefined
  filename: string
  purpose: FilePurpose
  status: 'processed'
}

/** The body of `GET /files`. */
export interface FileList {
  object: 'list'
  data: FileObject[]
  has_more: boolean
  first_id: string | null
  last_id: string | null
}
