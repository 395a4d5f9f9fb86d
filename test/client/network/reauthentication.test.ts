import t, { type Test } from 'tap'
import { BrokerConnection } from '../../../client/network/broker-connection.ts'
import { ClientError } from '../../../client/network/client-error.ts'
import { nodeClientPlatform } from '../../../client/platform/node.ts'
import { encodeResponse } from '../../../client/protocol/header.ts'
import { DescribeClusterRequest, DescribeClusterResponse } from '../../../client/protocol/messages/describe-cluster.ts'
import { SaslAuthenticateResponse } from '../../../client/protocol/messages/sasl-authenticate.ts'
import { SaslHandshakeResponse } from '../../../client/protocol/messages/sasl-handshake.ts'
import { ScriptedBroker } from '../../support/scripted-broker.ts'

const api = { handshake: 17, authenticate: 36, describeCluster: 60 } as const

/** Lets everyone in for so long, and says after which authentication nobody is let in any more. */
async function broker(t: Test, { lifetimeMs, letsIn }: { lifetimeMs: number; letsIn: number }): Promise<ScriptedBroker> {
  let authentications = 0
  const made = await ScriptedBroker.start(
    ({ header: { apiKey, apiVersion, correlationId } }) => {
      if (apiKey === api.handshake) return encodeResponse(SaslHandshakeResponse, apiVersion, correlationId, { mechanisms: ['PLAIN'] })
      if (apiKey === api.describeCluster) return encodeResponse(DescribeClusterResponse, apiVersion, correlationId, { clusterId: 'c' })
      if (apiKey !== api.authenticate) return undefined
      const errorCode = ++authentications > letsIn ? 58 : 0
      return encodeResponse(SaslAuthenticateResponse, apiVersion, correlationId, { errorCode, sessionLifetimeMs: lifetimeMs })
    },
    { [api.handshake]: 1, [api.authenticate]: 2, [api.describeCluster]: 1 },
  )
  t.teardown(() => made.close())
  return made
}

/** Time that only passes when it is told to. */
function stoppedClock() {
  const timers: { delay: number; wake: () => void }[] = []
  const platform = {
    ...nodeClientPlatform,
    random: () => 0.5,
    after: (delay: number, wake: () => void) => {
      const timer = { delay, wake }
      timers.push(timer)
      return () => void (timers.includes(timer) && timers.splice(timers.indexOf(timer), 1))
    },
  }
  return { platform, timers }
}

async function open(t: Test, port: number, platform: typeof nodeClientPlatform): Promise<BrokerConnection> {
  const sasl = { mechanism: 'plain', username: 'u', password: 'p' } as const
  const connection = await BrokerConnection.open({ host: '127.0.0.1', port, clientId: 'c', platform, requestTimeoutMs: 30_000, sasl })
  t.teardown(() => connection.close())
  return connection
}

const ask = (connection: BrokerConnection) => connection.send(DescribeClusterRequest, DescribeClusterResponse, {})

t.test('a session is renewed in nine tenths of its time, and nothing is said in between (KIP-368)', async (t) => {
  const { platform, timers } = stoppedClock()
  const lenient = await broker(t, { lifetimeMs: 10_000, letsIn: 9 })
  const connection = await open(t, lenient.port, platform)
  const renewal = timers.find(({ delay }) => delay < 30_000)
  t.equal(renewal?.delay, 9000)
  const before = [ask(connection), ask(connection)]
  renewal?.wake()
  const after = [ask(connection), ask(connection)]
  await Promise.all([...before, ...after])
  const { handshake, authenticate, describeCluster } = api
  t.same(lenient.asked.slice(3), [describeCluster, describeCluster, handshake, authenticate, describeCluster, describeCluster])
  t.equal(timers.filter(({ delay }) => delay === 9000).length, 2, 'and again')
})

t.test('who is not let in again hears of it, and so does everyone who waits', async (t) => {
  const { platform, timers } = stoppedClock()
  const connection = await open(t, (await broker(t, { lifetimeMs: 10_000, letsIn: 1 })).port, platform)
  timers.find(({ delay }) => delay < 30_000)?.wake()
  const error = await ask(connection).catch((reason: unknown) => reason)
  t.ok(error instanceof ClientError)
  t.match(error, { code: 'SASL_AUTHENTICATION_FAILED', retriable: false })
  t.ok(connection.isLost)
})
