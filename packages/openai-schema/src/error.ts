import { object, string } from './fields.ts'
import { schemaFor } from './schema-for.ts'

/** The body of every error. All four fields are always present: clients read them without asking. */
export interface ErrorBody {
  error: {
    message: string
    /** The class of the error, such as `invalid_request_error`. */
    type: string
    /** The request field at fault, such as `messages[1].content[0].type`. */
    param: string | null
    /** The precise reason, such as `model_not_found`. */
    code: string | null
  }
}

export const errorBody = schemaFor<ErrorBody>()(
  object({ error: object({ message: string, type: string, param: string.nullable(), code: string.nullable() }) }),
)
