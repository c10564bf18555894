import type { FileStore } from '../file-store.ts'
import type { Handler } from '../http/handler.ts'
import { speech, transcriptions, translations } from './audio.ts'
import { completions } from './completions.ts'
import { embeddings } from './embeddings.ts'
import type { EndpointOptions } from './endpoint-answer.ts'
import { files } from './files.ts'
import { imageEdits, imageGenerations } from './images.ts'
import { moderations } from './moderations.ts'

export interface EndpointRoute {
  readonly path: string
  readonly get?: Handler
  readonly post?: Handler
  readonly delete?: Handler
}

/** What is served under `/v1` besides chats in their dialects and the list of models. */
export function endpointRoutes({
  store,
  ...options
}: EndpointOptions & { readonly store: FileStore | undefined }): EndpointRoute[] {
  return [
    { path: '/v1/completions', post: completions(options) },
    { path: '/v1/embeddings', post: embeddings(options) },
    { path: '/v1/images/generations', post: imageGenerations(options) },
    { path: '/v1/images/edits', post: imageEdits(options) },
    { path: '/v1/audio/speech', post: speech(options) },
    { path: '/v1/audio/transcriptions', post: transcriptions(options) },
    { path: '/v1/audio/translations', post: translations(options) },
    { path: '/v1/moderations', post: moderations(options) },
    ...(store ? fileRoutes(store, options) : []),
  ]
}

function fileRoutes(store: FileStore, { readForm }: Pick<EndpointOptions, 'readForm'>): EndpointRoute[] {
  const { upload, list, read, content, remove } = files(store, readForm)
  return [
    { path: '/v1/files', get: list, post: upload },
    // The router gives what their paths name.
    { path: '/v1/files/:id', get: read as Handler, delete: remove as Handler },
    { path: '/v1/files/:id/content', get: content as Handler },
  ]
}
