/** Kafka's small numbers, by name. A number that this client does not know reads as `unknown`. */

export class Enumeration<Name extends string> {
  readonly #codes: Readonly<Record<Name, number>>
  readonly #names: ReadonlyMap<number, Name>

  constructor(codes: Readonly<Record<Name, number>>) {
    this.#codes = codes
    this.#names = new Map(Object.entries(codes).map(([name, code]) => [code as number, name as Name]))
  }

  code(name: Name): number {
    return this.#codes[name]
  }

  name(code: number): Name | 'unknown' {
    return this.#names.get(code) ?? 'unknown'
  }
}
