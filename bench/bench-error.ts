/** The load could not be made: one sentence that says why. */
export class BenchError extends Error {
  override name = 'BenchError'
}
