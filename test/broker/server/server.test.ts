/** How a broker treats its connections, on real sockets: in order, bounded, undisturbed by each other, and to an orderly end. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import * as fs from 'node:fs'
import * as path from 'node:path'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import type { Overrides } from '../../../broker/config/settings.ts'
import type { Platform } from '../../../broker/platform/platform.ts'
import { encodeRequest } from '../../../client/protocol/header.ts'
import { ApiVersionsRequest, ApiVersionsResponse } from '../../../client/protocol/messages/api-versions.ts'
import { FetchRequest, FetchResponse } from '../../../client/protocol/messages/fetch.ts'
import {
  IncrementalAlterConfigsRequest,
  IncrementalAlterConfigsResponse,
} from '../../../client/protocol/messages/incremental-alter-configs.ts'
import { MetadataRequest } from '../../../client/protocol/messages/metadata.ts'
import { ProduceRequest, ProduceResponse } from '../../../client/protocol/messages/produce.ts'
import type { Input, Message } from '../../../client/protocol/schema.ts'
import { bareNode } from '../../support/bare-node.ts'
import { testBatch } from '../../support/batches.ts'
import { BrokerInProcess } from '../../support/broker-in-process.ts'
import { FaultyDisk } from '../../support/faulty-disk.ts'
import { RawClient } from '../../support/raw-client.ts'

async function start(t: Test, settings: Overrides = {}, platform?: Platform): Promise<BrokerInProcess> {
  const running = await BrokerInProcess.start(settings, platform ? { platform } : {})
  t.teardown(() => running.close())
  return running
}

async function connect(t: Test, { port }: BrokerInProcess): Promise<RawClient> {
  const client = await RawClient.connect(port)
  t.teardown(() => client.close())
  return client
}

const frame = <Q extends Message>(request: Q, version: number, correlationId: number, body: Input<Q>) =>
  Buffer.concat(encodeRequest(request, version, { correlationId, clientId: 'raw' }, body))

const records = testBatch({ timestamp: Date.now(), valueBytes: 1000 })
const produceBody = (bytes: Buffer, acks = -1) => ({
  acks,
  timeoutMs: 30_000,
  topicData: [{ name: 'words', partitionData: [{ index: 0, records: bytes }] }],
})
const fetchBody = (fetchOffset: number, more: Input<typeof FetchRequest> = {}): Input<typeof FetchRequest> => ({
  maxWaitMs: 60_000,
  minBytes: 1,
  maxBytes: 1 << 20,
  topics: [{ topic: 'words', partitions: [{ partition: 0, fetchOffset, partitionMaxBytes: 1 << 20 }] }],
  ...more,
})
const produce = async (client: RawClient, bytes = records, acks = -1) =>
  (await client.ask(ProduceRequest, ProduceResponse, 9, produceBody(bytes, acks)))?.responses[0]?.partitionResponses[0]

/** Until the topic is made by being asked for. */
async function makeTopic(client: RawClient): Promise<void> {
  client.write(frame(MetadataRequest, 4, 0, { topics: [{ name: 'words' }], allowAutoTopicCreation: true }))
  await client.frame()
}

const works = async (client: RawClient): Promise<boolean> =>
  (await client.ask(ApiVersionsRequest, ApiVersionsResponse, 0, {})) !== undefined
const closes = async (client: RawClient): Promise<boolean> => (await client.frame()) === undefined

t.test('requests of one connection are answered in the order asked, however they are pipelined', async (t) => {
  const broker = await start(t)
  const client = await connect(t, broker)
  await makeTopic(client)
  const asked: Buffer[] = []
  for (let id = 1; id <= 300; id++) {
    if (id % 7 === 0) asked.push(frame(MetadataRequest, 4, id, { topics: null }))
    else if (id % 5 === 0) asked.push(frame(FetchRequest, 4, id, fetchBody(0, { maxWaitMs: 5, minBytes: 1 << 20 })))
    else if (id % 3 === 0) asked.push(frame(ApiVersionsRequest, 0, id, {}))
    else asked.push(frame(ProduceRequest, 9, id, produceBody(testBatch({ timestamp: Date.now() }), id % 2 === 0 ? -1 : 1)))
  }
  client.write(Buffer.concat(asked))
  const answered: number[] = []
  while (answered.length < asked.length) answered.push((await client.frame())?.readInt32BE(0) ?? -1)
  t.same(
    answered,
    asked.map((_, index) => index + 1),
  )
})

t.test('a reader that never takes its answers holds no more than a few of them, and disturbs nobody', async (t) => {
  const broker = await start(t)
  const [stuck, other] = [await connect(t, broker), await connect(t, broker)]
  await makeTopic(other)
  for (let count = 0; count < 8; count++) await produce(other, testBatch({ timestamp: Date.now(), valueBytes: 500_000 }), 1)
  stuck.socket.pause()
  const { sentBytes } = broker.counted
  const fetches = 2000
  stuck.write(Buffer.concat(Array.from({ length: fetches }, (_, id) => frame(FetchRequest, 4, id, fetchBody(0)))))
  while (broker.counted.sentBytes === sentBytes) await new Promise((resolve) => setImmediate(resolve))
  for (let count = 0; count < 20; count++) t.equal((await produce(other))?.errorCode, 0)
  t.ok(broker.counted.sentBytes - sentBytes < 20_000_000, `${broker.counted.sentBytes - sentBytes} bytes of ${fetches} MB were made`)
  stuck.socket.resume()
  for (let id = 0; id < 100; id++) t.equal((await stuck.frame())?.readInt32BE(0), id, 'once it reads, all comes in order')
})

t.test('what is not the protocol is closed with one line in the log; a peer that just goes is none', async (t) => {
  const broker = await start(t, { 'socket.request.max.bytes': 100_000 })
  const good = await connect(t, broker)
  const garbage: Record<string, Buffer> = {
    HTTP: Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'),
    'a TLS hello': Buffer.concat([Buffer.from('16030100a5010000a10303', 'hex'), Buffer.alloc(200, 7)]),
    'a negative size': Buffer.from('ffffffff00', 'hex'),
    'too large a size': Buffer.from('000186a1', 'hex'),
    'no header': Buffer.from('00000000', 'hex'),
    'a header cut short': Buffer.from([0, 0, 0, 2, 0, 3]),
    zeroes: Buffer.alloc(4096),
    'an unknown API': Buffer.from('0000000e03e7000000000001000474657374', 'hex'),
    'a body cut short': frame(MetadataRequest, 4, 1, { topics: [{ name: 'words' }] }).fill(0x7f, 14),
  }
  for (const [name, bytes] of Object.entries(garbage)) {
    const before = broker.log.length
    const client = await connect(t, broker)
    client.write(bytes)
    t.ok(await closes(client), name)
    t.match(broker.log.slice(before), [{ level: 'warn', message: 'connection closed', fields: { reason: /\w/ } }], `${name}: one line`)
  }
  const before = broker.log.length
  for (const bytes of [Buffer.alloc(0), Buffer.from([0, 0]), Buffer.from('0000ffff0003', 'hex')]) {
    const client = await connect(t, broker)
    client.write(bytes)
    client.socket.end()
    await once(client.socket, 'close')
  }
  t.ok(await works(good), 'others are undisturbed')
  t.equal(broker.log.length, before, 'half a request and a goodbye: nothing to report')
  t.equal(broker.broker.server.memory.bytesInUse, 0)
})

t.test('a request of exactly socket.request.max.bytes passes, one byte more does not', async (t) => {
  const broker = await start(t, { 'socket.request.max.bytes': 50_000 })
  const sized = (bytes: number) => frame(ProduceRequest, 8, 1, produceBody(Buffer.alloc(bytes, 1)))
  const overhead = sized(0).length - 4
  const client = await connect(t, broker)
  client.write(sized(50_000 - overhead))
  t.ok(await client.frame())
  client.write(sized(50_001 - overhead))
  t.ok(await closes(client))
})

t.test('large requests beyond queued.max.request.bytes wait their turn, and all are served', async (t) => {
  const bytesMax = 400_000
  const broker = await start(t, { 'socket.request.max.bytes': bytesMax, 'queued.max.request.bytes': bytesMax })
  const first = await connect(t, broker)
  await makeTopic(first)
  const { memory } = broker.broker.server
  let bytesMost = 0
  const take = memory.take.bind(memory)
  memory.take = (bytes) => {
    take(bytes)
    bytesMost = Math.max(bytesMost, memory.bytesInUse)
  }
  const clients = await Promise.all(Array.from({ length: 40 }, () => connect(t, broker)))
  const large = testBatch({ timestamp: Date.now(), valueBytes: 350_000 })
  const answers = await Promise.all(clients.flatMap((client) => [produce(client, large), works(client)]))
  t.ok(answers.every((answer) => answer === true || (typeof answer === 'object' && answer.errorCode === 0)))
  t.ok(bytesMost > 350_000, 'it was counted')
  t.ok(bytesMost <= 2 * bytesMax, `${bytesMost} bytes at most`)
  t.equal(memory.bytesInUse, 0)
})

t.test('who announces large requests and does not send them keeps nobody else from sending theirs for long', async (t) => {
  const bytesMax = 400_000
  const soon = new FaultyDisk().platform
  const monotonic = () => soon.clock.monotonic() * 100
  const platform = { ...soon, clock: { ...soon.clock, monotonic } }
  const broker = await start(t, { 'socket.request.max.bytes': bytesMax, 'queued.max.request.bytes': bytesMax }, platform)
  const client = await connect(t, broker)
  await makeTopic(client)
  const hoarder = await connect(t, broker)
  hoarder.write(Buffer.from('00061a8000000009', 'hex'))
  while (broker.broker.server.memory.bytesInUse === 0) await new Promise((resolve) => setImmediate(resolve))
  t.match(await produce(client, testBatch({ timestamp: Date.now(), valueBytes: 350_000 })), { errorCode: 0 })
  t.ok(await closes(hoarder))
  t.match(broker.log, [{ fields: { reason: /request memory/ } }])
})

t.test('a silent connection is closed after connections.max.idle.ms, one that is used is not', async (t) => {
  const broker = await start(t, { 'connections.max.idle.ms': 400 })
  const [silent, used] = [await connect(t, broker), await connect(t, broker)]
  let isClosed = false
  void closes(silent).then(() => (isClosed = true))
  while (!isClosed) {
    await used.ask(FetchRequest, FetchResponse, 4, fetchBody(0, { maxWaitMs: 50 }))
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  t.ok(await works(used))
  t.match(broker.log, [{ fields: { reason: /connections\.max\.idle\.ms/ } }])
})

t.test('connections past max.connections are turned away, and the limit may change while it runs', async (t) => {
  const broker = await start(t, { 'max.connections': 2 })
  const [first] = [await connect(t, broker), await connect(t, broker)]
  t.ok(await works(first))
  t.ok(await closes(await connect(t, broker)))
  t.match(broker.log, [{ message: /max\.connections/ }])
  const change = await first.ask(IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse, 1, {
    resources: [{ resourceType: 4, resourceName: '', configs: [{ name: 'max.connections', configOperation: 0, value: '3' }] }],
  })
  t.match(change, { responses: [{ errorCode: 0 }] })
  t.ok(await works(await connect(t, broker)))
  t.ok(await closes(await connect(t, broker)))
})

t.test('one address may have max.connections.per.ip, or what its override says', async (t) => {
  const limited = await start(t, { 'max.connections.per.ip': 1, 'max.connections.per.ip.overrides': '10.1.2.3:9' })
  const only = await connect(t, limited)
  t.ok(await works(only))
  t.ok(await closes(await connect(t, limited)))
  only.close()
  await once(only.socket, 'close')
  while (limited.broker.server.connectionCount > 0) await new Promise((resolve) => setImmediate(resolve))
  t.ok(await works(await connect(t, limited)), 'its place is free again')
  const excepted = await start(t, { 'max.connections.per.ip': 1, 'max.connections.per.ip.overrides': '10.1.2.3:9, 127.0.0.1:2' })
  t.ok(await works(await connect(t, excepted)))
  t.ok(await works(await connect(t, excepted)))
  t.ok(await closes(await connect(t, excepted)))
})

t.test('a long poll is forgotten when its reader goes', async (t) => {
  const broker = await start(t)
  const client = await connect(t, broker)
  await makeTopic(client)
  client.write(frame(FetchRequest, 4, 1, fetchBody(0, { maxWaitMs: 2 ** 31 - 1 })))
  while (broker.broker.purgatory.size === 0) await new Promise((resolve) => setImmediate(resolve))
  client.close()
  while (broker.broker.server.connectionCount > 0) await new Promise((resolve) => setImmediate(resolve))
  t.equal(broker.broker.purgatory.size, 0)
})

t.test('closing answers what is under way, whatever it waits for, and leaves a clean mark and a free port', async (t) => {
  const disk = new FaultyDisk()
  const broker = await start(t, {}, disk.platform)
  const [writer, reader, patient] = [await connect(t, broker), await connect(t, broker), await connect(t, broker)]
  await makeTopic(writer)
  await produce(writer)
  const gate = Promise.withResolvers<void>()
  disk.syncsWaitFor = gate.promise
  const written = produce(writer)
  const readEnd = reader.ask(FetchRequest, FetchResponse, 4, fetchBody(9))
  const polled = patient.ask(FetchRequest, FetchResponse, 4, fetchBody(2))
  patient.write(frame(FetchRequest, 4, 2, fetchBody(2)))
  while (broker.broker.purgatory.size < 2) await new Promise((resolve) => setImmediate(resolve))
  const closed = broker.broker.close()
  t.match(await polled, { responses: [{ partitions: [{ errorCode: 0 }] }] }, 'a long poll is answered early')
  t.equal((await patient.frame())?.readInt32BE(0), 2, 'and so is the one behind it')
  gate.resolve()
  t.match(await written, { errorCode: 0, baseOffset: 1 }, 'records on their way to the disk are waited for')
  t.match(await readEnd, { responses: [{ partitions: [{ errorCode: 1 }] }] })
  await closed
  t.ok(fs.existsSync(path.join(broker.directory, '.kafka_cleanshutdown')))
  const next = await BrokerInProcess.start({}, { directory: broker.directory, port: broker.port })
  const client = await connect(t, next)
  t.match(await produce(client), { errorCode: 0, baseOffset: 2 })
  await next.close()
})

t.test('two brokers in one process have nothing to do with each other', async (t) => {
  const [one, two] = [await start(t), await start(t)]
  const [first, second] = [await connect(t, one), await connect(t, two)]
  await makeTopic(first)
  t.match(await produce(first), { errorCode: 0, baseOffset: 0 })
  t.match(await produce(second), { errorCode: 3 }, 'the other has no such topic')
  await makeTopic(second)
  await one.broker.close()
  t.match(await produce(second), { errorCode: 0, baseOffset: 0 })
})

t.test('each request is counted with its API, its time and its error, and so are the bytes', async (t) => {
  const broker = await start(t, { 'auto.create.topics.enable': false })
  const client = await connect(t, broker)
  await works(client)
  await produce(client)
  await client.ask(FetchRequest, FetchResponse, 4, fetchBody(0))
  t.match(broker.counted.requests, [
    { apiKey: 18, errorCode: 0 },
    { apiKey: 0, errorCode: 3 },
    { apiKey: 1, errorCode: 3 },
  ])
  t.ok(broker.counted.requests.every(({ seconds }) => seconds >= 0))
  t.equal(broker.counted.receivedBytes, client.socket.bytesWritten)
  t.equal(broker.counted.sentBytes, client.socket.bytesRead)
})

t.test('a process that started and closed a broker ends by itself', async (t) => {
  const script = `
    const { startBroker } = await import(${JSON.stringify(new URL('../../../broker/index.ts', import.meta.url).href)})
    const started = performance.now()
    const broker = await startBroker()
    const took = performance.now() - started
    const socket = (await import('node:net')).connect(broker.port, '127.0.0.1')
    await new Promise((resolve) => socket.once('connect', resolve))
    await broker.close()
    console.log('started in ' + took.toFixed(1) + ' ms')`
  const child = spawn(...bareNode('--input-type=module', '-e', script), {
    cwd: fileURLToPath(new URL('../../../', import.meta.url)),
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let said = ''
  child.stdout?.on('data', (bytes: Buffer) => (said += bytes.toString()))
  t.same(await once(child, 'close'), [0, null])
  t.comment(said.trim())
})
