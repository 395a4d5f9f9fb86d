import t from 'tap'
import { startBroker } from '../../../broker/index.ts'
import { type ClientError, Stele, text } from '../../../client/index.ts'

t.test('transactions', async (t) => {
  const broker = await startBroker()
  const stele = new Stele({ bootstrap: broker.bootstrap })
  t.teardown(async () => {
    await stele.close()
    await broker.close()
  })
  const serdes = { value: text }

  async function committed(topic: string): Promise<string[]> {
    const values: string[] = []
    for await (const records of stele.reader().batches(topic, { from: 'beginning', untilEnd: true, readCommitted: true })) {
      values.push(...records.map(({ value }) => String(value)))
    }
    return values
  }
  const failureOf = (promise: Promise<unknown>) =>
    promise.then(
      () => t.fail('it should have failed'),
      (error: unknown) => error as ClientError,
    ) as Promise<ClientError>

  t.test('what is committed counts, what is aborted or left does not, over several partitions', async (t) => {
    await stele.topics.create([{ name: 'ledger', partitions: 3 }])
    await using producer = stele.transactionalProducer({ transactionalId: 'ledger', ...serdes })
    for (let round = 0; round < 6; round++) {
      await using transaction = await producer.begin()
      const records = [0, 1, 2].map((partition) => ({ partition, value: `${round}/${partition}` }))
      await transaction.send('ledger', records)
      await transaction.send('ledger', { partition: 0, value: `${round}/more` })
      if (round % 3 === 0) await transaction.commit()
      else if (round % 3 === 1) await transaction.abort()
    }
    const expected = [0, 3].flatMap((round) => [`${round}/0`, `${round}/1`, `${round}/2`, `${round}/more`])
    t.same((await committed('ledger')).sort(), expected.sort())
  })

  t.test('offsets of a group count with the transaction', async (t) => {
    await stele.topics.create([{ name: 'orders', partitions: 1 }])
    await using producer = stele.transactionalProducer({ transactionalId: 'pipe', ...serdes })
    const offset = async () =>
      (await stele.groups.describe('billing').catch(() => undefined))?.offsets.find(({ topic }) => topic === 'orders')?.committed
    const at = (offset: number) => [{ topic: 'orders', partition: 0, offset }]
    const first = await producer.begin()
    await first.sendOffsets('billing', at(7))
    await first.commit()
    t.equal(await offset(), 7)
    const second = await producer.begin()
    await second.send('orders', { value: 'x' })
    await second.sendOffsets('billing', at(9))
    await second.abort()
    t.equal(await offset(), 7)
  })

  t.test('who comes later fences who was before', async (t) => {
    await stele.topics.create([{ name: 'fenced', partitions: 1 }])
    const old = stele.transactionalProducer({ transactionalId: 'one', ...serdes })
    const abandoned = await old.begin()
    await abandoned.send('fenced', { value: 'old' })
    await using young = stele.transactionalProducer({ transactionalId: 'one', ...serdes })
    const transaction = await young.begin()
    await transaction.send('fenced', { value: 'young' })
    const error = await failureOf(abandoned.commit())
    t.match(error, { code: /FENCED|EPOCH/, retriable: false })
    t.match(await failureOf(old.begin()), { code: error.code })
    await transaction.commit()
    t.same(await committed('fenced'), ['young'])
  })

  t.test('a transaction of which a record is lost can only be aborted, and the next one is whole', async (t) => {
    await stele.topics.create([{ name: 'small', partitions: 1, configs: { 'max.message.bytes': '2000' } }])
    await using producer = stele.transactionalProducer({ transactionalId: 'small', ...serdes })
    const failed = await producer.begin()
    await failed.send('small', { value: 'first' })
    t.match(await failureOf(failed.send('small', { value: 'x'.repeat(5000) })), { code: 'MESSAGE_TOO_LARGE' })
    t.match(await failureOf(failed.send('small', { value: 'third' })), { code: 'TRANSACTION_ABORTABLE' })
    await failed.abort()
    const next = await producer.begin()
    await next.send('small', { value: 'after' })
    await next.commit()
    t.same(await committed('small'), ['after'])
  })

  t.test('one transaction at a time, ended once', async (t) => {
    await using producer = stele.transactionalProducer({ transactionalId: 'strict', ...serdes })
    const transaction = await producer.begin()
    t.match(await failureOf(producer.begin()), { code: 'CONCURRENT_TRANSACTIONS' })
    await transaction.commit()
    t.match(await failureOf(transaction.commit()), { code: 'INVALID_TXN_STATE' })
    t.match(await failureOf(transaction.send('strict', { value: 'x' })), { code: 'INVALID_TXN_STATE' })
  })
})
