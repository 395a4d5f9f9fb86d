import fc from 'fast-check'
import t from 'tap'
import { Window } from '../../../client/stream/window.ts'

/** A broker that has records of these sizes: it sends what the credit covers, and says once what the next one takes. */
function stream(size: number, records: readonly number[], readsBetween: readonly number[]): { left: number; heldMost: number } {
  const window = new Window(size)
  const toCome = [...records]
  const held: number[] = []
  let credit = window.grant()
  let heldMost = 0
  const send = () => {
    while (toCome.length > 0 && (toCome[0] as number) <= credit) {
      const bytes = toCome.shift() as number
      credit -= bytes
      window.arrived(bytes)
      held.push(bytes)
      heldMost = Math.max(
        heldMost,
        held.reduce((sum, one) => sum + one, 0),
      )
    }
    if (toCome.length === 0) return
    const granted = window.grantFor(toCome[0] as number)
    if (granted === 0) return
    credit += granted
    send()
  }
  const read = () => {
    const bytes = held.shift()
    if (bytes === undefined) return
    window.read(bytes)
    const granted = window.grant()
    credit += granted
    // It says again what it takes only to who has granted something.
    if (granted > 0) send()
  }
  send()
  for (const reads of readsBetween) for (let nth = 0; nth < reads; nth++) read()
  while (held.length > 0) read()
  return { left: toCome.length, heldMost }
}

t.test('whoever reads everything gets everything, however large single records are, and holds a window or one record', async (t) => {
  const sizes = fc.array(fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 1000 })), { maxLength: 60 })
  fc.assert(
    fc.property(fc.integer({ min: 20, max: 300 }), sizes, fc.array(fc.nat(5), { maxLength: 20 }), (size, records, reads) => {
      const { left, heldMost } = stream(size, records, reads)
      t.equal(left, 0)
      t.ok(heldMost <= Math.max(size, ...records))
    }),
    { numRuns: 300 },
  )
})

t.test('a connection begins with nothing granted and nothing asked for', async (t) => {
  const window = new Window(100)
  t.equal(window.grant(), 100)
  t.equal(window.grantFor(150), 50)
  window.reset()
  t.equal(window.grant(), 100)
})
