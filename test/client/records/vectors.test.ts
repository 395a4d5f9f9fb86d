import { fileURLToPath } from 'node:url'
import t from 'tap'
import { check } from '../../golden/check-batches.ts'
import { checkFile } from '../../golden/vectors.ts'

const golden = fileURLToPath(new URL('../../golden/', import.meta.url))

for (const file of ['batches', 'partitioner']) {
  t.test(`${file} are what the reference makes of them`, async (t) => {
    const verdict = await checkFile(`${golden}${file}.jsonl.gz`)
    t.same(verdict?.failures, [])
    t.ok((verdict?.passed ?? 0) > 100, 'there were lines to check')
  })
}

t.test('a line with one wrong bit, offset or verdict fails its check', async (t) => {
  const line =
    '{"name":"none/one","hex":"00000000000000000000003affffffff02e99b8dd80000000000000000018bcfe568000000018bcfe56800ffffffffffffffffffffffffffff0000000110000000026b027600",' +
    '"batches":[{"magic":2,"baseOffset":0,"lastOffset":0,"nextOffset":1,"sizeInBytes":70,"batchLength":58,"crc":3919285720,"codec":"none","timestampType":"CreateTime",' +
    '"maxTimestamp":1700000000000,"partitionLeaderEpoch":-1,"attributes":0,"lastOffsetDelta":0,"baseTimestamp":1700000000000,"baseTimestampField":1700000000000,' +
    '"producerId":-1,"producerEpoch":-1,"baseSequence":-1,"lastSequence":-1,"count":1,"transactional":false,"control":false,' +
    '"records":[{"offset":0,"timestamp":1700000000000,"key":"6b","value":"76","size":9}]}],"append":{"request":"ok",' +
    '"leader":{"firstOffset":0,"lastOffset":0,"maxTimestamp":1700000000000,"logEndOffset":1,"logBytes":70,"logSha256":"f60e737d444c558eb88a21bf9dd202ed50f696383744dbc65cfbac0d7146d123"},' +
    '"follower":{"firstOffset":0,"lastOffset":0,"maxTimestamp":1700000000000,"logEndOffset":1,"logBytes":70,"logSha256":"f60e737d444c558eb88a21bf9dd202ed50f696383744dbc65cfbac0d7146d123","unchanged":true}}}'
  t.same(check([line]), { passed: 1, failures: [] })
  for (const [right, wrong] of [
    ['027600', '027700'],
    ['"offset":0', '"offset":1'],
    ['"request":"ok"', '"request":"InvalidRecordException"'],
    ['"logBytes":70', '"logBytes":71'],
    ['f60e737d', 'f60e737e'],
    ['"records":[{', '"incomplete":true,"records":[{'],
  ] as const) {
    const { passed, failures } = check([line.replace(right, wrong)])
    t.equal(passed, 0, `${right} for ${wrong}`)
    t.match(failures, [/^1 none\/one: /])
  }
})
