import * as net from 'node:net'
import t, { type Test } from 'tap'
import { ClusterView } from '../../../client/cluster/cluster-view.ts'
import { backoffMs } from '../../../client/network/backoff.ts'
import { BrokerPool, parseBootstrap, type PoolOptions } from '../../../client/network/broker-pool.ts'
import { ClientError } from '../../../client/network/client-error.ts'
import { poolOptionsOf } from '../../../client/network/client-options.ts'
import { nodeClientPlatform } from '../../../client/platform/node.ts'
import { encodeResponse } from '../../../client/protocol/header.ts'
import { MetadataResponse } from '../../../client/protocol/messages/metadata.ts'
import { ScriptedBroker } from '../../support/scripted-broker.ts'

const metadata = 3

interface Member {
  readonly broker: ScriptedBroker
  /** What it says of the cluster. */
  says: { readonly brokers: readonly number[]; readonly errorCode?: number }
}

/** A broker that tells of a cluster whose brokers have these ports. */
async function member(t: Test, says: Member['says'] = { brokers: [] }): Promise<Member> {
  const made: { says: Member['says'] } = { says }
  const broker = await ScriptedBroker.start(
    ({ header: { apiKey, apiVersion, correlationId } }) => {
      if (apiKey !== metadata) return undefined
      const brokers = made.says.brokers.map((port, nodeId) => ({ nodeId, host: '127.0.0.1', port }))
      return encodeResponse(MetadataResponse, apiVersion, correlationId, { brokers, errorCode: made.says.errorCode ?? 0 })
    },
    { [metadata]: 13 },
  )
  t.teardown(() => broker.close())
  return Object.assign(made, { broker })
}

function pool(t: Test, bootstrap: string, options: Partial<PoolOptions> = {}): BrokerPool {
  const made = new BrokerPool({
    ...poolOptionsOf({ bootstrap, requestTimeoutMs: 3000, retry: { initialMs: 5, maxMs: 20 } }, nodeClientPlatform),
    ...options,
  })
  t.teardown(() => made.close())
  return made
}

async function errorOf(promise: Promise<unknown>): Promise<ClientError> {
  const error = await promise.then(
    () => new Error('no error'),
    (reason: unknown) => reason,
  )
  if (!(error instanceof ClientError)) throw error
  return error
}

/** Calls `close`, and waits until the client has noticed. */
async function noticed(lost: Lost, close: () => void): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  lost.heard = resolve
  close()
  await promise
}

interface Lost {
  heard: () => void
  readonly metrics: PoolOptions['metrics']
}

function losses(): Lost {
  const lost: Lost = {
    heard: () => undefined,
    metrics: { connection: (_, event) => void (event === 'closed' && lost.heard()) },
  }
  return lost
}

/** Takes nobody in: who connects waits. */
async function blackHole(t: Test): Promise<number> {
  const sockets: net.Socket[] = []
  const server = net.createServer((socket) => void sockets.push(socket)).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return (server.address() as net.AddressInfo).port
}

t.test('of many addresses, dead and silent ones among them, the first that answers is taken', async (t) => {
  const { broker } = await member(t)
  const silent = await blackHole(t)
  const some = pool(t, `127.0.0.1:1,127.0.0.1:${silent},127.0.0.1:2,${broker.bootstrap}`)
  t.equal((await some.any()).broker, broker.bootstrap, 'though the silent one has not given up yet')
  t.equal((await some.any()).broker, broker.bootstrap)
  t.equal(broker.asked.length, 1, 'one connection')
})

t.test('where none answers, each is told of', async (t) => {
  const error = await errorOf(pool(t, '127.0.0.1:1,127.0.0.1:2').any())
  t.match(error, { code: 'CONNECTION_FAILED', retriable: true })
  t.match(error.message, /127\.0\.0\.1:1.*127\.0\.0\.1:2/)
})

t.test('who cannot be reached is told with what to do about it', async (t) => {
  const told = async (bootstrap: string) => (await errorOf(pool(t, bootstrap).any())).message
  t.match(await told('127.0.0.1:1'), /127\.0\.0\.1:1.*nobody listens there.*port/)
  t.match(await told('no-such-host.invalid:9092'), /no-such-host\.invalid.*no such name/)
  const { broker } = await member(t, { brokers: [1] })
  const view = new ClusterView(pool(t, broker.bootstrap))
  await view.brokerIds()
  t.match((await errorOf(view.broker(0))).message, /127\.0\.0\.1:1.*advertised\.listeners/, 'an address that the cluster itself gave')
})

t.test('brokers that moved are found again', async (t) => {
  const [first, second, third] = [await member(t), await member(t), await member(t)]
  const ports = (...members: Member[]) => ({ brokers: members.map(({ broker }) => broker.port) })
  first.says = ports(second)
  second.says = third.says = ports(second)
  const lost = losses()
  const moving = pool(t, `${first.broker.bootstrap},${third.broker.bootstrap}`, { metrics: lost.metrics })
  const view = new ClusterView(moving)
  t.same(await view.brokerIds(), [0])
  await noticed(lost, () => first.broker.close())
  t.equal((await moving.any()).broker, second.broker.bootstrap, 'known, though it is not in the list')
  await noticed(lost, () => second.broker.close())
  third.says = ports(third)
  await view.brokerIds()
  t.equal((await view.broker(0)).broker, third.broker.bootstrap, 'none that is known answers: the list is gone through again (KIP-899)')
})

t.test('a broker that is of another cluster now says so, and the list is gone through again', async (t) => {
  const [first, second] = [await member(t), await member(t)]
  first.says = { brokers: [first.broker.port] }
  second.says = { brokers: [second.broker.port] }
  const lost = losses()
  const some = pool(t, `${first.broker.bootstrap},${second.broker.bootstrap}`, { metrics: lost.metrics })
  const view = new ClusterView(some)
  await view.brokerIds()
  first.says = { brokers: [], errorCode: 129 }
  t.equal((await errorOf(view.brokerIds())).code, 'REBOOTSTRAP_REQUIRED', 'as it is the first of the list, it is asked twice')
  await noticed(lost, () => first.broker.close())
  await view.brokerIds()
  t.equal((await view.broker(0)).broker, second.broker.bootstrap)
})

t.test('an address that fails is tried again after a while, longer each time', async (t) => {
  let now = 0
  const waits: number[] = []
  let dialled = 0
  const platform = {
    ...nodeClientPlatform,
    now: () => now,
    random: () => 0.5,
    dial: () => {
      dialled++
      return Promise.reject(new Error('refused'))
    },
    after: (delay: number, wake: () => void) => {
      if (delay >= 3000) return () => undefined
      waits.push(delay)
      now += delay
      queueMicrotask(wake)
      return () => undefined
    },
  }
  const failing = pool(t, 'h:1', { platform, retry: { initialMs: 100, maxMs: 1000 } })
  for (let nth = 0; nth < 7; nth++) await errorOf(failing.at({ host: 'h', port: 1 }))
  t.equal(dialled, 7)
  t.same(waits, [100, 200, 400, 800, 1000, 1000])
})

t.test('waits grow to a most, give or take a fifth', async (t) => {
  const delays = { initialMs: 100, maxMs: 1000 }
  t.same(
    [1, 2, 5, 50].map((attempt) => [backoffMs(delays, attempt, 0), backoffMs(delays, attempt, 0.999_999)]),
    [
      [80, 120],
      [160, 240],
      [800, 1200],
      [800, 1200],
    ],
  )
})

t.test('lanes have connections of their own, and one connection is shared by all who ask at once', async (t) => {
  const { broker } = await member(t)
  const some = pool(t, broker.bootstrap)
  const endpoint = { host: '127.0.0.1', port: broker.port }
  const connections = await Promise.all([some.at(endpoint), some.at(endpoint), some.at(endpoint, { lane: 'fetch' })])
  t.equal(new Set(connections).size, 2)
})

t.test('a pool that is closed takes no more', async (t) => {
  const { broker } = await member(t)
  const some = pool(t, broker.bootstrap)
  const connection = await some.any()
  await some.close()
  t.ok(connection.isLost)
  t.match(await errorOf(some.any()), { code: 'CLIENT_CLOSED', retriable: false })
  t.match(await errorOf(some.at({ host: '127.0.0.1', port: broker.port })), { code: 'CLIENT_CLOSED' })
})

t.test('options that make no sense are refused', async (t) => {
  t.same(parseBootstrap(['a:1, b', '[::1]:9093']), [
    { host: 'a', port: 1 },
    { host: 'b', port: 9092 },
    { host: '::1', port: 9093 },
  ])
  const of = (options: object) => () => poolOptionsOf({ bootstrap: 'a:1', ...options }, nodeClientPlatform)
  t.throws(of({ bootstrap: 'a:b' }), { code: 'INVALID_ADDRESS' })
  t.throws(of({ bootstrap: '' }), { code: 'INVALID_ADDRESS' })
  t.throws(of({ requestTimeoutMs: 0 }), { code: 'INVALID_OPTION' })
  t.throws(of({ retry: { maxMs: Number.NaN } }), { code: 'INVALID_OPTION' })
})
