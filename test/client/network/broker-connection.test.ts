import * as http from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { BrokerConnection, type ConnectionOptions } from '../../../client/network/broker-connection.ts'
import { ClientError } from '../../../client/network/client-error.ts'
import { nodeClientPlatform } from '../../../client/platform/node.ts'
import { encodeResponse } from '../../../client/protocol/header.ts'
import { ApiVersionsResponse } from '../../../client/protocol/messages/api-versions.ts'
import { DescribeClusterRequest, DescribeClusterResponse } from '../../../client/protocol/messages/describe-cluster.ts'
import { ScriptedBroker, type Script } from '../../support/scripted-broker.ts'

const describeCluster = 60
const serves = { [describeCluster]: 1 }

/** Answers with the number of the request as the cluster's id. */
const numbered: Script = ({ header: { apiKey, apiVersion, correlationId } }) =>
  apiKey === describeCluster
    ? encodeResponse(DescribeClusterResponse, apiVersion, correlationId, { clusterId: String(correlationId) })
    : undefined

/** A frame that ends in the middle of the message. */
function halfAnswer(correlationId: number): Buffer {
  const whole = Buffer.concat(encodeResponse(DescribeClusterResponse, 1, correlationId, { clusterId: 'x' }))
  const half = whole.subarray(0, 16)
  half.writeInt32BE(half.length - 4)
  return half
}

async function scripted(t: Test, script: Script): Promise<ScriptedBroker> {
  const broker = await ScriptedBroker.start(script, serves)
  t.teardown(() => broker.close())
  return broker
}

async function open(t: Test, port: number, options: Partial<ConnectionOptions> = {}): Promise<BrokerConnection> {
  const connection = await BrokerConnection.open({
    host: '127.0.0.1',
    port,
    clientId: 'test',
    platform: nodeClientPlatform,
    requestTimeoutMs: 5000,
    ...options,
  })
  t.teardown(() => connection.close())
  return connection
}

const ask = (connection: BrokerConnection, call = {}) =>
  connection.send(DescribeClusterRequest, DescribeClusterResponse, {}, undefined, call)

async function errorOf(promise: Promise<unknown>): Promise<ClientError> {
  const error = await promise.then(
    (answer) => new Error(`no error, but ${JSON.stringify(answer)}`),
    (reason: unknown) => reason,
  )
  if (!(error instanceof ClientError)) throw error
  return error
}

t.test('hundreds of requests at once are answered in their order', async (t) => {
  const connection = await open(t, (await scripted(t, numbered)).port)
  const answers = await Promise.all(Array.from({ length: 300 }, () => ask(connection)))
  const numbers = answers.map(({ clusterId }) => Number(clusterId))
  t.same(
    numbers,
    [...numbers].sort((a, b) => a - b),
  )
})

t.test('a call that is given up leaves the connection as it was', async (t) => {
  const { promise: goOn, resolve } = Promise.withResolvers<void>()
  const broker = await scripted(t, async (request) => {
    if (request.header.apiKey === describeCluster) await goOn
    return numbered(request)
  })
  const connection = await open(t, broker.port)
  const giveUp = new AbortController()
  const [aborted, late] = [errorOf(ask(connection, { signal: giveUp.signal })), errorOf(ask(connection, { timeoutMs: 1 }))]
  const third = ask(connection)
  giveUp.abort()
  t.equal((await aborted).code, 'ABORTED')
  t.match(await late, { code: 'REQUEST_TIMED_OUT', retriable: true })
  resolve()
  t.ok((await third).clusterId)
  t.notOk(connection.isLost)
})

t.test('an answer to what nobody asked, and one that is malformed, end the connection', async (t) => {
  const bad: [string, Script][] = [
    [
      'another number',
      ({ header }) =>
        header.apiKey === describeCluster ? encodeResponse(DescribeClusterResponse, 1, 4711, { clusterId: 'x' }) : undefined,
    ],
    ['an empty frame', ({ header }) => (header.apiKey === describeCluster ? [Buffer.alloc(4)] : undefined)],
    ['no frame', ({ header }) => (header.apiKey === describeCluster ? [Buffer.from('ffffffff00', 'hex')] : undefined)],
    ['half an answer', ({ header }) => (header.apiKey === describeCluster ? [halfAnswer(header.correlationId)] : undefined)],
  ]
  for (const [name, script] of bad) {
    const connection = await open(t, (await scripted(t, script)).port)
    const [first, second] = await Promise.all([errorOf(ask(connection)), errorOf(ask(connection))])
    t.match([first, second], [{ code: 'MALFORMED_RESPONSE' }, { code: 'MALFORMED_RESPONSE' }], name)
    t.ok(connection.isLost, name)
  }
})

t.test('silence ends the connection, for all who wait', async (t) => {
  const connection = await open(t, (await scripted(t, ({ header }) => (header.apiKey === describeCluster ? [] : undefined))).port, {
    requestTimeoutMs: 100,
  })
  t.match(await Promise.all([errorOf(ask(connection)), errorOf(ask(connection))]), [
    { code: 'REQUEST_TIMED_OUT' },
    { code: 'REQUEST_TIMED_OUT' },
  ])
  t.equal((await errorOf(ask(connection))).code, 'REQUEST_TIMED_OUT', 'and for those who come later')
})

t.test('who is no broker is told in words', async (t) => {
  const web = http.createServer((_, response) => response.end('hello')).listen(0, '127.0.0.1')
  await once(web, 'listening')
  t.teardown(() => web.close())
  const stranger = async (greet: Parameters<typeof ScriptedBroker.stranger>[0]) => {
    const server = await ScriptedBroker.stranger(greet)
    t.teardown(() => server.close())
    return server.port
  }
  const cases: [number, string, RegExp, boolean][] = [
    [(web.address() as AddressInfo).port, 'MALFORMED_RESPONSE', /HTTP/, false],
    [await stranger((socket) => socket.write('SSH-2.0-OpenSSH_9.6\r\n')), 'MALFORMED_RESPONSE', /SSH/, false],
    [
      await stranger((socket) => socket.write('220 mail.example ESMTP ready for you and yours\r\n')),
      'MALFORMED_RESPONSE',
      /220 mail/,
      false,
    ],
    [await stranger((socket) => socket.write(Buffer.from('15030300020246', 'hex'))), 'MALFORMED_RESPONSE', /tls: true/, false],
    [await stranger((socket) => socket.end()), 'CONNECTION_LOST', /SASL/, true],
    [await stranger(() => undefined), 'REQUEST_TIMED_OUT', /says nothing/, true],
    [1, 'CONNECTION_FAILED', /127\.0\.0\.1:1/, true],
  ]
  for (const [port, code, words, retriable] of cases) {
    const error = await errorOf(open(t, port, { requestTimeoutMs: 300 }))
    t.match(error, { code, retriable })
    t.match(error.message, words)
  }
  const tls = await errorOf(open(t, (web.address() as AddressInfo).port, { tls: {} }))
  t.match(tls.message, /TLS/, 'also where TLS was wanted')
})

t.test('a connection that ends right after its first answer may want to know who comes', async (t) => {
  const broker = await scripted(t, ({ header, socket }) => {
    if (header.apiKey === describeCluster) socket.end()
    return undefined
  })
  const error = await errorOf(ask(await open(t, broker.port)))
  t.match(error, { code: 'CONNECTION_LOST', retriable: true, message: /after its first answer.*SASL/ })
  t.notMatch(error.message, /TLS|anything/)
})

t.test('a broker too old to know our ApiVersions is asked in the version that all know', async (t) => {
  const broker = await scripted(t, (request) => {
    const { apiKey, apiVersion, correlationId } = request.header
    if (apiKey !== 18) return numbered(request)
    const apiKeys = [{ apiKey: 18, minVersion: 0, maxVersion: 2 }]
    if (apiVersion > 2) return encodeResponse(ApiVersionsResponse, 0, correlationId, { errorCode: 35, apiKeys })
    return undefined
  })
  const connection = await open(t, broker.port)
  t.same(broker.asked, [18, 18])
  t.ok((await ask(connection)).clusterId)
})

t.test('closing waits for what is under way, but not for ever', async (t) => {
  const { promise: goOn, resolve } = Promise.withResolvers<void>()
  const broker = await scripted(t, async (request) => {
    if (request.header.apiKey === describeCluster) await goOn
    return numbered(request)
  })
  const patient = await open(t, broker.port)
  const asking = ask(patient)
  const closing = patient.close(5000)
  const impatient = await open(t, broker.port)
  const refused = errorOf(ask(impatient))
  await impatient.close(10)
  t.equal((await refused).code, 'CONNECTION_LOST')
  resolve()
  t.ok((await asking).clusterId)
  await closing
  t.ok(patient.isLost)
})

t.test('a connection that nobody uses ends', async (t) => {
  const { promise: closed, resolve } = Promise.withResolvers<void>()
  const events: string[] = []
  const connection = (_: string, event: string) => {
    events.push(event)
    if (event === 'closed') resolve()
  }
  const idle = await open(t, (await scripted(t, numbered)).port, { idleMs: 30, metrics: { connection } })
  await ask(idle)
  await closed
  t.same(events, ['opened', 'closed'])
  t.match(await errorOf(ask(idle)), { code: 'CONNECTION_LOST', retriable: true })
})

t.test('what is asked is counted', async (t) => {
  let sent = 0
  let received = 0
  const requests: [string, string | undefined][] = []
  const metrics = {
    sent: (_: string, bytes: number) => void (sent += bytes),
    received: (_: string, bytes: number) => void (received += bytes),
    request: (api: string, _broker: string, _latency: number, error: string | undefined) => void requests.push([api, error]),
  }
  const connection = await open(t, (await scripted(t, numbered)).port, { metrics })
  await ask(connection)
  const cut = errorOf(ask(connection))
  await connection.close()
  await cut
  t.same(requests, [
    ['ApiVersions', undefined],
    ['DescribeCluster', undefined],
    ['DescribeCluster', 'CONNECTION_LOST'],
  ])
  t.ok(sent > 40 && received > 40)
})

t.test('what a broker does not serve is told without asking it', async (t) => {
  const broker = await ScriptedBroker.start(numbered, {})
  t.teardown(() => broker.close())
  const connection = await open(t, broker.port)
  t.match(await errorOf(ask(connection)), { code: 'UNSUPPORTED_VERSION', retriable: false })
  t.same(broker.asked, [18])
})
