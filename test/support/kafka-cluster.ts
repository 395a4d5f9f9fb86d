/**
 * Apache Kafka as a cluster of processes on loopback: node 1 is the controller and a broker, the others are brokers that may be killed.
 * Each is in a rack of its own (`rack-1`, …), and consumers are sent to the replica in theirs.
 * Owns: the processes, their directory and ports.
 */
import * as fs from 'node:fs'
import * as path from 'node:path'
import type { Test } from 'tap'
import { temporaryDirectory } from '../interop/target.ts'
import { freePort, KafkaProcess } from './kafka.ts'

/** Deaths are noticed soon. */
const shared: Readonly<Record<string, string>> = {
  'replica.selector.class': 'org.apache.kafka.common.replica.RackAwareReplicaSelector',
  'broker.session.timeout.ms': '2000',
  'broker.heartbeat.interval.ms': '300',
  'replica.lag.time.max.ms': '3000',
  'replica.fetch.wait.max.ms': '100',
  'unclean.leader.election.interval.ms': '500',
  'auto.create.topics.enable': 'false',
  'auto.leader.rebalance.enable': 'false',
}

export class KafkaCluster {
  readonly home: string
  readonly #nodes = new Map<number, KafkaProcess>()
  readonly #ports: readonly number[]
  readonly #controllerPort: number
  readonly #settings: Readonly<Record<string, string>>

  private constructor(home: string, ports: readonly number[], controllerPort: number, settings: Readonly<Record<string, string>>) {
    this.home = home
    this.#ports = ports
    this.#controllerPort = controllerPort
    this.#settings = settings
  }

  /** Until the test ends. */
  static async start(t: Test, count: number, settings: Readonly<Record<string, string>> = {}): Promise<KafkaCluster> {
    const ports = await Promise.all(Array.from({ length: count }, () => freePort()))
    const cluster = new KafkaCluster(temporaryDirectory(), ports, await freePort(), settings)
    t.teardown(async () => {
      await Promise.all([...cluster.#nodes.values()].map((node) => node.end('SIGKILL')))
      fs.rmSync(cluster.home, { recursive: true, force: true })
    })
    await Promise.all(ports.map((_, index) => cluster.start(index + 1)))
    return cluster
  }

  get bootstrap(): string {
    return this.#ports.map((port) => `127.0.0.1:${port}`).join(',')
  }

  address(id: number): string {
    return `127.0.0.1:${this.#ports[id - 1]}`
  }

  /** One that was ended before comes back by its port, to its directory. */
  async start(id: number): Promise<void> {
    const own = `PLAINTEXT://${this.address(id)}`
    const controller = `127.0.0.1:${this.#controllerPort}`
    const roles =
      id === 1
        ? { 'process.roles': 'broker,controller', listeners: `${own},CONTROLLER://${controller}` }
        : { 'process.roles': 'broker', listeners: own }
    const settings = {
      ...shared,
      ...roles,
      'node.id': String(id),
      'broker.rack': `rack-${id}`,
      'advertised.listeners': own,
      'controller.quorum.voters': `1@${controller}`,
      ...this.#settings,
    }
    this.#nodes.set(id, await KafkaProcess.start(path.join(this.home, `node-${id}`), settings, { port: this.#ports[id - 1] ?? 0 }))
  }

  async end(id: number, signal: NodeJS.Signals): Promise<void> {
    await this.#nodes.get(id)?.end(signal)
  }

  /** Without its end being waited for: SIGSTOP, SIGCONT. */
  signal(id: number, signal: NodeJS.Signals): void {
    this.#nodes.get(id)?.child.kill(signal)
  }
}
