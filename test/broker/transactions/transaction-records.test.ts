/** The bytes are those that Apache Kafka 4.3.1's TransactionLog writes for the same transactions. */
import t from 'tap'
import { DecodeError } from '../../../client/protocol/malformed.ts'
import { newTransaction, type Transaction } from '../../../broker/transactions/transaction.ts'
import { transactionCodec } from '../../../broker/transactions/transaction-records.ts'

const startedAt = 1_700_000_000_000
const updatedAt = startedAt + 123
const partitions = new Map([['orders', [3]]])
const base = { ...newTransaction('tx', 4000), timeoutMillis: 60_000, updatedAt }

const versions = [
  {
    version: 0 as const,
    ongoing: '00000000000000000fa000070000ea60010000000100066f726465727300000001000000030000018bcfe5687b0000018bcfe56800',
    empty: '00000000000000000fa000000000ea6000ffffffff0000018bcfe5687bffffffffffffffff',
    prepared: '00000000000000000fa07fff0000ea60020000000100066f726465727300000001000000030000018bcfe5687b0000018bcfe56800',
  },
  {
    version: 2 as const,
    ongoing: '00010000000000000fa000070000ea600102076f72646572730200000003000000018bcfe5687b0000018bcfe568000200080000000000000f9f02020002',
    empty: '00010000000000000fa000000000ea6000000000018bcfe5687bffffffffffffffff0100080000000000000fa0',
    prepared:
      '00010000000000000fa07fff0000ea600202076f72646572730200000003000000018bcfe5687b0000018bcfe56800' +
      '0300080000000000000fa00108000000000000138802020002',
  },
]

for (const { version, ongoing, empty, prepared } of versions) {
  t.test(`transactions are written as Kafka does with transaction.version ${version}, and read again`, (t) => {
    const codec = transactionCodec(() => version)
    const knows = version === 2
    const clientVersion = version
    const told: [Transaction, string][] = [
      [
        { ...base, state: 'Ongoing', producerEpoch: 7, previousProducerId: knows ? 3999 : -1, partitions, startedAt, clientVersion },
        ongoing,
      ],
      [{ ...base, state: 'Empty', producerEpoch: 0, previousProducerId: knows ? 4000 : -1 }, empty],
      [
        {
          ...base,
          state: 'PrepareCommit',
          producerEpoch: 32_767,
          previousProducerId: knows ? 4000 : -1,
          nextProducerId: knows ? 5000 : -1,
          partitions,
          startedAt,
          clientVersion,
        },
        prepared,
      ],
    ]
    for (const [transaction, bytes] of told) {
      const { key, value } = codec.encode({ transactionalId: 'tx', transaction })
      t.equal(key.toString('hex'), '000000027478')
      t.equal(value?.toString('hex'), bytes, transaction.state)
      t.same(codec.decode(key, value), { transactionalId: 'tx', transaction })
    }
    t.end()
  })
}

t.test('a transactional id that is forgotten is a key without a value; keys of other kinds are passed over', (t) => {
  const codec = transactionCodec(() => 2)
  const { key, value } = codec.encode({ transactionalId: 'tx', transaction: undefined })
  t.equal(value, null)
  t.same(codec.decode(key, null), { transactionalId: 'tx', transaction: undefined })
  t.equal(codec.decode(Buffer.from('0001', 'hex'), null), undefined)
  t.end()
})

t.test('a state that there is not, and bytes that end too early, are a damaged record', (t) => {
  const codec = transactionCodec(() => 2)
  const key = Buffer.from('000000027478', 'hex')
  t.throws(() => codec.decode(key, Buffer.from(versions[0]?.empty.replace('ea6000', 'ea6009') ?? '', 'hex')), DecodeError)
  t.throws(() => codec.decode(key, Buffer.from('0001000000', 'hex')), DecodeError)
  t.end()
})
