/**
 * The part of the standard-schema interface (standardschema.dev, version 1) that reading records needs: zod, valibot, arktype and others have it.
 * Only synchronous validation: a reader does not wait between two records.
 */

interface Issue {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

type Result<T> = { readonly value: T; readonly issues?: undefined } | { readonly issues: readonly Issue[] }

export interface StandardSchema<T> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    validate(value: unknown): Result<T> | Promise<Result<T>>
  }
}

/** The value as the schema has it. Throws TypeError with all that is wrong. */
export function standardDecode<T>(schema: StandardSchema<T>, value: unknown): T {
  const result = schema['~standard'].validate(value)
  if (result instanceof Promise) throw new TypeError('a schema that validates asynchronously cannot decode records')
  if (!result.issues) return result.value
  throw new TypeError(
    result.issues.map(({ message, path = [] }) => [path.map(nameOf).join('.'), message].filter(Boolean).join(': ')).join('; '),
  )
}

function nameOf(part: PropertyKey | { readonly key: PropertyKey }): string {
  return String(typeof part === 'object' ? part.key : part)
}
