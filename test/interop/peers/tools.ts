/**
 * Kafka's own command-line tools against a broker, all in the one JVM of the Java peer but for those that finish their work when theirs ends.
 * Each run gives what the tool printed and the status that it ended with.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { javaCommand } from '../../support/kafka.ts'
import type { LinePeer } from './peer.ts'
import { javaPeer } from './roster.ts'

const classes = {
  'kafka-topics': 'org.apache.kafka.tools.TopicCommand',
  'kafka-configs': 'kafka.admin.ConfigCommand',
  'kafka-consumer-groups': 'org.apache.kafka.tools.consumer.group.ConsumerGroupCommand',
  'kafka-groups': 'org.apache.kafka.tools.GroupsCommand',
  'kafka-transactions': 'org.apache.kafka.tools.TransactionsCommand',
  'kafka-verifiable-producer': 'org.apache.kafka.tools.VerifiableProducer',
  'kafka-verifiable-consumer': 'org.apache.kafka.tools.VerifiableConsumer',
  'kafka-console-producer': 'org.apache.kafka.tools.ConsoleProducer',
  'kafka-console-consumer': 'org.apache.kafka.tools.consumer.ConsoleConsumer',
  'kafka-get-offsets': 'org.apache.kafka.tools.GetOffsetShell',
  'kafka-delete-records': 'org.apache.kafka.tools.DeleteRecordsCommand',
  'kafka-log-dirs': 'org.apache.kafka.tools.LogDirsCommand',
  'kafka-dump-log': 'org.apache.kafka.tools.DumpLogSegments',
  'kafka-producer-perf-test': 'org.apache.kafka.tools.ProducerPerformance',
  'kafka-leader-election': 'org.apache.kafka.tools.LeaderElectionCommand',
  'kafka-broker-api-versions': 'org.apache.kafka.tools.BrokerApiVersionsCommand',
  'kafka-cluster': 'org.apache.kafka.tools.ClusterTool',
  'kafka-features': 'org.apache.kafka.tools.FeatureCommand',
} as const

const alone: readonly string[] = ['kafka-verifiable-producer', 'kafka-verifiable-consumer']

export type Tool = keyof typeof classes

export const isTool = (name: string): name is Tool => Object.hasOwn(classes, name)

export interface Run {
  readonly exit: number
  readonly out: string
  readonly err: string
}

export class Tools {
  readonly peer: LinePeer
  readonly #bootstrap: string

  constructor(bootstrap: string) {
    this.peer = javaPeer(bootstrap)
    this.#bootstrap = bootstrap
  }

  /** As on a shell, with --bootstrap-server put in front; kafka-dump-log reads files and has no broker. */
  async run(tool: Tool, args: readonly string[], stdin = ''): Promise<Run> {
    const command = tool === 'kafka-cluster' ? args.slice(0, 1) : []
    const server = tool === 'kafka-dump-log' ? [] : ['--bootstrap-server', this.#bootstrap]
    const whole = [...command, ...server, ...args.slice(command.length)]
    if (alone.includes(tool)) return runAlone(classes[tool], whole)
    const { exit, out = '', err = '' } = await this.peer.ask({ op: 'tool', main: classes[tool], args: whole.join('\n'), stdin })
    return { exit: Number(exit), out, err }
  }

  close(): Promise<void> {
    return this.peer.close()
  }
}

async function runAlone(main: string, args: readonly string[]): Promise<Run> {
  const child = spawn(...javaCommand(main, ...args), { stdio: ['ignore', 'pipe', 'pipe'] })
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')])
  return { exit: child.exitCode ?? -1, out, err }
}
