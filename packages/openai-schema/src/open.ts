/** One of the named strings, which editors offer, or any other: services add values faster than types can follow. */
export type Open<Named extends string> = Named | (string & {})
