/** What a client speaks. */
export type Dialect = 'chat' | 'messages' | 'responses'
