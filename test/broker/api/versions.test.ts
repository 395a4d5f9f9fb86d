import t from 'tap'
import { servedApis } from '../../../broker/api/table.ts'
import { startBroker } from '../../../broker/index.ts'
import { ErrorCode } from '../../../client/protocol/errors.ts'
import { encodeRequest } from '../../../client/protocol/header.ts'
import { ApiVersionsRequest, ApiVersionsResponse } from '../../../client/protocol/messages/api-versions.ts'
import { CreateTopicsRequest, CreateTopicsResponse } from '../../../client/protocol/messages/create-topics.ts'
import { FetchRequest, FetchResponse } from '../../../client/protocol/messages/fetch.ts'
import { ListOffsetsRequest, ListOffsetsResponse } from '../../../client/protocol/messages/list-offsets.ts'
import { MetadataRequest, MetadataResponse } from '../../../client/protocol/messages/metadata.ts'
import type { Message } from '../../../client/protocol/schema.ts'
import { RawClient } from '../../support/raw-client.ts'

const served = servedApis()

t.test('every version that is advertised is answered, in that version', async (t) => {
  await using broker = await startBroker()
  const client = await RawClient.connect(broker.port)
  t.teardown(() => client.close())
  const advertised = await client.ask(ApiVersionsRequest, ApiVersionsResponse, 3, { clientSoftwareName: 'raw', clientSoftwareVersion: '1' })
  t.same(
    advertised?.apiKeys.map(({ apiKey, minVersion, maxVersion }) => [apiKey, minVersion, maxVersion]),
    [...served].sort(([a], [b]) => a - b).map(([key, { versions }]) => [key, ...versions]),
  )
  for (const { request, response, versions } of served.values()) {
    for (let version = versions[0]; version <= versions[1]; version++) {
      const body = request === (ApiVersionsRequest as Message) ? { clientSoftwareName: 'raw', clientSoftwareVersion: '1' } : { acks: 1 }
      const known = Object.fromEntries(
        Object.entries(body).filter(([name]) => name in request.fields && version >= (request.fields[name]?.versions.first ?? 0)),
      )
      const answer = await client.ask(request, response, version, known)
      t.ok(answer, `${request.name} version ${version}`)
    }
  }
})

t.test('metadata, offsets and fetches of a topic that is there, in every version', async (t) => {
  await using broker = await startBroker()
  const client = await RawClient.connect(broker.port)
  t.teardown(() => client.close())
  const created = await client.ask(CreateTopicsRequest, CreateTopicsResponse, 7, {
    topics: [{ name: 'words', numPartitions: 2, replicationFactor: 1 }],
    timeoutMs: 5000,
  })
  const topicId = created?.topics[0]?.topicId ?? ''
  for (let version = 0; version <= 13; version++) {
    const answer = await client.ask(MetadataRequest, MetadataResponse, version, { topics: [{ name: 'words' }] })
    t.match(
      answer,
      { topics: [{ errorCode: 0, name: 'words', partitions: { length: 2 } }], brokers: [{ port: broker.port }] },
      `Metadata ${version}`,
    )
  }
  for (let version = 0; version <= 11; version++) {
    const partitions = [{ partitionIndex: 0, timestamp: -1, ...(version === 0 && { maxNumOffsets: 1 }) }]
    const answer = await client.ask(ListOffsetsRequest, ListOffsetsResponse, version, {
      replicaId: -1,
      topics: [{ name: 'words', partitions }],
    })
    t.match(answer, { topics: [{ partitions: [{ errorCode: 0, ...(version > 0 && { offset: 0 }) }] }] }, `ListOffsets ${version}`)
  }
  for (let version = 0; version <= 18; version++) {
    const topics = [
      {
        topic: version < 13 ? 'words' : '',
        ...(version >= 13 && { topicId }),
        partitions: [{ partition: 1, fetchOffset: 0, partitionMaxBytes: 1000 }],
      },
    ]
    const answer = await client.ask(FetchRequest, FetchResponse, version, { topics, ...(version >= 3 && { maxBytes: 1000 }) })
    t.match(answer, { responses: [{ partitions: [{ partitionIndex: 1, errorCode: 0, highWatermark: 0 }] }] }, `Fetch ${version}`)
  }
})

t.test('what is not served ends the connection; an ApiVersions from the future is told what is', async (t) => {
  await using broker = await startBroker()
  const ask = async (bytes: Buffer) => {
    const client = await RawClient.connect(broker.port)
    t.teardown(() => client.close())
    client.write(bytes)
    return client.frame()
  }
  const produceFromTheFuture = Buffer.concat(encodeRequest(MetadataRequest, 13, { correlationId: 1, clientId: 'raw' }, {}))
  produceFromTheFuture.writeInt16BE(99, 6)
  t.equal(await ask(produceFromTheFuture), undefined, 'an unknown version')
  const unknownApi = Buffer.from(produceFromTheFuture)
  unknownApi.writeInt16BE(999, 4)
  t.equal(await ask(unknownApi), undefined, 'an unknown API')
  t.equal(await ask(Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n')), undefined, 'another protocol')
  t.equal(await ask(Buffer.from([0, 0, 0, 2, 0, 3])), undefined, 'a header cut short')

  const apiVersions = Buffer.concat(
    encodeRequest(ApiVersionsRequest, 3, { correlationId: 7, clientId: 'raw' }, { clientSoftwareName: 'raw', clientSoftwareVersion: '1' }),
  )
  apiVersions.writeInt16BE(99, 6)
  const frame = await ask(apiVersions)
  t.equal(frame?.readInt32BE(0), 7)
  t.equal(frame?.readInt16BE(4), ErrorCode.UNSUPPORTED_VERSION)
  t.ok((frame?.readInt32BE(6) ?? 0) > 10, 'in version 0, with the table')
  const client = await RawClient.connect(broker.port)
  t.teardown(() => client.close())
  t.ok(await client.ask(ApiVersionsRequest, ApiVersionsResponse, 0, {}), 'others are undisturbed')
})
