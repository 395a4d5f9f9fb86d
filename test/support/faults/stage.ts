/**
 * A broker that is reached through a fault proxy alone, and clients that do not wait long.
 * Owns: both, until the test ends; and the rejections that nobody handled, which no test of the client may leave.
 */
import * as fs from 'node:fs'
import * as os from 'node:os'
import * as path from 'node:path'
import type { Test } from 'tap'
import { ClientError, type Stele } from '../../../client/index.ts'
import { BrokerInProcess } from '../broker-in-process.ts'
import { type Fault, FaultProxy } from '../fault-proxy.ts'
import { outcomeOf as ended } from './cell.ts'
import { furnish } from './furniture.ts'
import { steadyPlatform } from './steady-clock.ts'

export const unhandled: unknown[] = []
process.on('unhandledRejection', (reason) => unhandled.push(reason))

export const passing: readonly Fault[] = ['cut before', 'cut within the request', 'cut after', 'cut within the answer', { lateMs: 30 }]
export const silent: readonly Fault[] = ['swallowed', 'silence']
export const wrong: readonly Fault[] = ['another number', 'nonsense']
export const nameOf = (fault: Fault): string => (typeof fault === 'string' ? fault : 'late')

const quick = { retry: { initialMs: 5, maxMs: 20 }, platform: steadyPlatform }
export const patient = { requestTimeoutMs: 5000, ...quick }
export const impatient = { requestTimeoutMs: 120, ...quick }
/** What is never answered is not waited for long. */
export const waitingFor = (fault: Fault): typeof patient => (silent.includes(fault) ? impatient : patient)

export async function faultStage(t: Test): Promise<FaultProxy> {
  const proxy = await FaultProxy.start()
  const settings = { 'advertised.listeners': [`PLAINTEXT://${proxy.bootstrap}`], 'group.initial.rebalance.delay.ms': 0 }
  const broker = await BrokerInProcess.start(settings)
  proxy.target = broker.port
  t.teardown(async () => {
    proxy.close()
    await broker.close()
  })
  return proxy
}

const quickGroups = {
  'group.initial.rebalance.delay.ms': 0,
  'group.consumer.heartbeat.interval.ms': 50,
  'group.consumer.min.heartbeat.interval.ms': 50,
}

/** The port of a broker with what operations of the matrix stand on. */
export async function faultBroker(t: Test): Promise<number> {
  const broker = await BrokerInProcess.start(quickGroups)
  t.teardown(() => broker.close())
  await furnish(broker.port)
  return broker.port
}

/** The same, that can be closed and started again where it was. */
export async function restartableBroker(t: Test): Promise<{ readonly port: number; restart(): Promise<void> }> {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'stele-restart-'))
  let broker = await BrokerInProcess.start(quickGroups, { directory })
  const { port } = broker
  t.teardown(async () => {
    await broker.close()
    fs.rmSync(directory, { recursive: true, force: true })
  })
  await furnish(port)
  const restart = async () => {
    await broker.close()
    broker = await BrokerInProcess.start(quickGroups, { directory, port })
  }
  return { port, restart }
}

/** `done`, or the code of the error; what is no ClientError fails the test. */
export async function outcomeOf(t: Test, act: Promise<unknown>, what: string): Promise<string> {
  const { code, error } = await ended(act)
  if (error) t.ok(error instanceof ClientError, `${what}: a ClientError, not ${error.message}`)
  return code
}

export async function valuesOf(stele: Stele, topic: string): Promise<string[]> {
  const values: string[] = []
  for await (const records of stele.reader().batches(topic, { from: 'beginning', untilEnd: true }))
    values.push(...records.map(({ value }) => String(value)))
  return values
}
