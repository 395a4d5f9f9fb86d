/** Why a coordinator does not answer: an error code that tells the client what to do, look elsewhere or ask again. */
import { errorOf } from '../../client/protocol/errors.ts'

export class CoordinatorError extends Error {
  readonly code: number

  constructor(code: number, detail?: string) {
    super(detail ?? errorOf(code).about)
    this.name = 'CoordinatorError'
    this.code = code
  }
}
