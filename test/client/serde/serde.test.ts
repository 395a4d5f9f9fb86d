import t from 'tap'
import { bytes, float64, int32, int64, json, type Serde, text } from '../../../client/serde/serde.ts'
import type { StandardSchema } from '../../../client/serde/standard-schema.ts'

const back = <T>(serde: Serde<T>, value: T): T => serde.decode(serde.encode(value))

void t.test('what is encoded is decoded again', (t) => {
  t.same(back(bytes, Uint8Array.of(1, 2)), Uint8Array.of(1, 2))
  t.equal(back(text, 'zwölf Boxkämpfer'), 'zwölf Boxkämpfer')
  t.same(back(json<{ paid: boolean }>(), { paid: true }), { paid: true })
  t.equal(back(int32, -7), -7)
  t.equal(back(int64, -(2n ** 62n)), -(2n ** 62n))
  t.equal(back(float64, 1e-300), 1e-300)
  t.end()
})

void t.test('no bytes are no value', (t) => {
  for (const serde of [bytes, text, int32, int64, float64] as Serde<unknown>[]) t.equal(back(serde, null), null)
  t.equal(back(json(), undefined), undefined)
  t.same(back(json<null>(), null), null, 'null in JSON is a value')
  t.end()
})

void t.test("numbers are as Kafka's own serialisers write them", (t) => {
  t.same(Buffer.from(int32.encode(258) as Uint8Array).toString('hex'), '00000102')
  t.same(Buffer.from(int64.encode(258n) as Uint8Array).toString('hex'), '0000000000000102')
  t.throws(() => int32.decode(new Uint8Array(3)), { message: '3 bytes where a number has 4' })
  t.end()
})

void t.test('a view into a larger buffer is read where it stands', (t) => {
  const around = Buffer.concat([Buffer.alloc(3), Buffer.from(int32.encode(99) as Uint8Array), Buffer.alloc(5)])
  t.equal(int32.decode(around.subarray(3, 7)), 99)
  t.end()
})

void t.test('a schema says what is wrong, and where', (t) => {
  const schema: StandardSchema<{ amount: number }> = {
    '~standard': {
      version: 1,
      vendor: 'test',
      validate: (value) => {
        const { amount } = value as { amount: unknown }
        return typeof amount === 'number'
          ? { value: { amount } }
          : { issues: [{ message: 'not a number', path: ['order', { key: 'amount' }] }] }
      },
    },
  }
  t.same(json(schema).decode(Buffer.from('{"amount":3,"more":1}')), { amount: 3 })
  t.throws(() => json(schema).decode(Buffer.from('{}')), { message: 'order.amount: not a number' })
  t.throws(() => json(schema).decode(Buffer.from('{')), SyntaxError)
  t.end()
})
