/**
 * Apache Kafka as a process: one node that is broker and controller, on loopback, from the jars in the interop cache.
 * Owns: the child, its ports and its properties file. The data directory is the caller's.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import * as fs from 'node:fs'
import * as net from 'node:net'
import { cached } from '../interop/cache.ts'

const clusterId = '4L6g3nShT-eMCtK--X86sw'

/** A fast start matters more here than the last bit of speed. */
const jvmFlags = ['-Xms256m', '-Xmx768m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Dorg.slf4j.simpleLogger.defaultLogLevel=info']

export const javaCommand = (main: string, ...args: string[]): [string, string[]] => [
  'java',
  [...jvmFlags, '-cp', `${cached('java')}:${cached('kafka')}/*`, main, ...args],
]

export class KafkaProcess {
  readonly child: ChildProcess
  readonly bootstrap: string
  readonly propertiesFile: string
  readonly output: () => string

  private constructor(child: ChildProcess, bootstrap: string, propertiesFile: string, output: () => string) {
    this.child = child
    this.bootstrap = bootstrap
    this.propertiesFile = propertiesFile
    this.output = output
  }

  /** Formats `directory` if it is new; resolves when the node serves. The properties file is left beside the directory. */
  static async start(directory: string, settings: Record<string, string> = {}, { port = 0 } = {}): Promise<KafkaProcess> {
    const [free, controllerPort] = await Promise.all([freePort(), freePort()])
    return KafkaProcess.#startOn(port === 0 ? free : port, controllerPort, { directory, settings })
  }

  static async #startOn(
    port: number,
    controllerPort: number,
    { directory, settings }: { directory: string; settings: Record<string, string> },
  ): Promise<KafkaProcess> {
    const propertiesFile = `${directory}.properties`
    fs.mkdirSync(directory, { recursive: true })
    fs.writeFileSync(propertiesFile, propertiesText({ ...nodeSettings(port, controllerPort, directory), ...settings }))
    const child = spawn(...javaCommand('KafkaNode', propertiesFile, clusterId), { stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    return new Promise((resolve, reject) => {
      const read = (bytes: Buffer) => {
        output += bytes.toString()
        if (output.includes('Kafka Server started')) resolve(new KafkaProcess(child, `127.0.0.1:${port}`, propertiesFile, () => output))
      }
      child.stdout?.on('data', read)
      child.stderr?.on('data', read)
      child.once('error', reject)
      child.once('exit', (code, signal) => reject(new Error(`Kafka ended (${code ?? signal}) before it served:\n${output.slice(-4000)}`)))
    })
  }

  /** Ends it by `signal` and waits until it is gone. */
  async end(signal: NodeJS.Signals): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return
    const exited = once(this.child, 'exit')
    this.child.kill(signal)
    await exited
  }
}

/** The ports are Kafka's to choose from its file only, so they are chosen before. */
export async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as net.AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

function nodeSettings(port: number, controllerPort: number, directory: string): Record<string, string> {
  return {
    'process.roles': 'broker,controller',
    'node.id': '1',
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAINTEXT',
    'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT',
    'log.dirs': directory,
    'offsets.topic.replication.factor': '1',
    'offsets.topic.num.partitions': '1',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    'transaction.state.log.num.partitions': '1',
    'share.coordinator.state.topic.replication.factor': '1',
    'share.coordinator.state.topic.min.isr': '1',
    'group.initial.rebalance.delay.ms': '0',
  }
}

function propertiesText(settings: Record<string, string>): string {
  return Object.entries(settings)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('')
}
